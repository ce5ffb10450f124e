using System.Numerics;
using System.Runtime.InteropServices;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Images;

/// <summary>
/// The model's value for each of the 256 raw values of each channel, computed once, so that writing an image is a table lookup.
/// </summary>
internal abstract class PixelTable
{
    /// <summary>Makes the table of an input.</summary>
    /// <exception cref="InvalidSettingsException">The settings do not fit the number of channels, or give values that the datatype cannot hold.</exception>
    internal static PixelTable Create(Datatype datatype, int channels, ImageSettings settings)
    {
        var mean = OnePerChannel(settings.Mean, "mean", channels);
        var std = OnePerChannel(settings.Std, "std", channels);
        var bits = new ulong[channels * 256];
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] = Bits(datatype, (((i & 255) * settings.Scale) - mean[i >> 8]) / std[i >> 8]);
        }

        var reversed = settings.ChannelOrder == "BGR";
        return datatype.Size() switch
        {
            1 => new Of<byte>(bits, channels, reversed),
            2 => new Of<ushort>(bits, channels, reversed),
            4 => new Of<uint>(bits, channels, reversed),
            _ => new Of<ulong>(bits, channels, reversed),
        };
    }

    /// <summary>Writes pixels whose <paramref name="bands"/> raw values are side by side: grey or RGB, with or without alpha.</summary>
    internal abstract void Write(ReadOnlySpan<byte> pixels, int bands, bool channelsFirst, Span<byte> destination);

    private static double[] OnePerChannel(IReadOnlyList<double> numbers, string name, int channels) => numbers.Count switch
    {
        1 => [.. Enumerable.Repeat(numbers[0], channels)],
        var count when count == channels => [.. numbers],
        var count => throw new InvalidSettingsException(
            channels == 1
                ? $"image.{name} must hold one number, since the model's input is grey; it holds {count}."
                : $"image.{name} must hold one number or {channels}, one for each channel of the model's input; it holds {count}."),
    };

    /// <summary>An element's bit pattern. Integers take the nearest value that they have.</summary>
    private static ulong Bits(Datatype datatype, double value)
    {
        var largest = datatype switch
        {
            Datatype.Fp16 => (double)Half.MaxValue,
            Datatype.Bf16 or Datatype.Fp32 => float.MaxValue,
            _ => double.MaxValue,
        };
        if (!(Math.Abs(value) <= largest))
        {
            throw new InvalidSettingsException($"image.scale, image.mean and image.std together give {value:G6}, which {datatype.Name()} cannot hold.");
        }

        var rounded = Math.Round(value);
        return datatype switch
        {
            Datatype.UInt8 => byte.CreateSaturating(rounded),
            Datatype.Int8 => (ulong)sbyte.CreateSaturating(rounded),
            Datatype.UInt16 => ushort.CreateSaturating(rounded),
            Datatype.Int16 => (ulong)short.CreateSaturating(rounded),
            Datatype.UInt32 => uint.CreateSaturating(rounded),
            Datatype.Int32 => (ulong)int.CreateSaturating(rounded),
            Datatype.UInt64 => ulong.CreateSaturating(rounded),
            Datatype.Int64 => (ulong)long.CreateSaturating(rounded),
            Datatype.Fp16 => BitConverter.HalfToUInt16Bits((Half)value),
            Datatype.Bf16 => UpperHalf(BitConverter.SingleToUInt32Bits((float)value)),
            Datatype.Fp32 => BitConverter.SingleToUInt32Bits((float)value),
            _ => BitConverter.DoubleToUInt64Bits(value),
        };
    }

    /// <summary>bfloat16 of a float's bits: rounded to the nearest, a tie to the even one.</summary>
    private static uint UpperHalf(uint single) => (single + 0x7FFF + ((single >> 16) & 1)) >> 16;

    private sealed class Of<T>(ulong[] bits, int channels, bool reversed) : PixelTable
        where T : unmanaged, IBinaryInteger<T>
    {
        private readonly T[] _elements = [.. bits.Select(T.CreateTruncating)];

        internal override void Write(ReadOnlySpan<byte> pixels, int bands, bool channelsFirst, Span<byte> destination)
        {
            var elements = MemoryMarshal.Cast<byte, T>(destination);
            var count = pixels.Length / bands;
            if (channels == 1)
            {
                WriteGrey(pixels, bands, elements);
                return;
            }

            for (var channel = 0; channel < channels; channel++)
            {
                var values = _elements.AsSpan(channel * 256, 256);
                var (first, step) = channelsFirst ? (channel * count, 1) : (channel, channels);
                var target = elements[first..];
                var band = BandOf(channel, bands);
                if (band < 0)
                {
                    for (var i = 0; i < count; i++)
                    {
                        target[i * step] = values[255];
                    }

                    continue;
                }

                for (var i = 0; i < count; i++)
                {
                    target[i * step] = values[pixels[(i * bands) + band]];
                }
            }
        }

        private void WriteGrey(ReadOnlySpan<byte> pixels, int bands, Span<T> elements)
        {
            if (bands < 3)
            {
                for (var i = 0; i < pixels.Length / bands; i++)
                {
                    elements[i] = _elements[pixels[i * bands]];
                }

                return;
            }

            for (var i = 0; i < pixels.Length / bands; i++)
            {
                var pixel = pixels.Slice(i * bands, 3);
                elements[i] = _elements[Luma(pixel[0], pixel[1], pixel[2])];
            }
        }

        /// <summary>Where a channel of the tensor is found in a pixel; -1 for the alpha of an image that has none.</summary>
        private int BandOf(int channel, int bands) => (channel, bands) switch
        {
            (3, 2) => 1,
            (3, >= 4) => 3,
            (3, _) => -1,
            (_, < 3) => 0,
            _ => reversed ? 2 - channel : channel,
        };

        /// <summary>
        /// Brightness of an RGB pixel: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), in 16-bit fractions that add up to 1, so that grey stays what it is.
        /// These are the weights of the libraries that models are trained with.
        /// </summary>
        private static int Luma(int red, int green, int blue) => ((19595 * red) + (38470 * green) + (7471 * blue) + 32768) >> 16;
    }
}
