using System.Globalization;
using System.Text;
using System.Text.Json;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tests.Tensors;

/// <summary>A tensor of random elements: as JSON, and as the bytes that the JSON must become.</summary>
internal sealed record RandomTensor(string Json, byte[] Bytes, long[] Shape)
{
    public static RandomTensor Of(Datatype datatype, int[] shape, Random random)
    {
        var json = new StringBuilder();
        var bytes = new List<byte>();
        // Behind an empty dimension nothing shows how long the others are.
        long[] seen = [.. shape.Select((dim, d) => shape.Take(d).Contains(0) ? 0L : dim)];
        Append(0);
        return new RandomTensor(json.ToString(), [.. bytes], seen);

        void Append(int d)
        {
            if (d == shape.Length)
            {
                var (text, data) = Element(datatype, random);
                json.Append(text);
                bytes.AddRange(data);
                return;
            }

            json.Append('[');
            for (var i = 0; i < shape[d]; i++)
            {
                json.Append(i > 0 ? random.Next(4) == 0 ? " ,\n" : "," : "");
                Append(d + 1);
            }

            json.Append(']');
        }
    }

    private static (string Json, byte[] Bytes) Element(Datatype datatype, Random random)
    {
        var bits = random.NextInt64() ^ (random.NextInt64() << 1);
        switch (datatype)
        {
            case Datatype.Bool: return (bits & 1) == 1 ? ("true", [1]) : ("false", [0]);
            case Datatype.UInt8: return (Text((byte)bits), [(byte)bits]);
            case Datatype.Int8: return (Text((sbyte)bits), [(byte)bits]);
            case Datatype.UInt16: return (Text((ushort)bits), BitConverter.GetBytes((ushort)bits));
            case Datatype.Int16: return (Text((short)bits), BitConverter.GetBytes((short)bits));
            case Datatype.UInt32: return (Text((uint)bits), BitConverter.GetBytes((uint)bits));
            case Datatype.Int32: return (Text((int)bits), BitConverter.GetBytes((int)bits));
            case Datatype.UInt64: return (Text((ulong)bits), BitConverter.GetBytes((ulong)bits));
            case Datatype.Int64: return (Text(bits), BitConverter.GetBytes(bits));
            case Datatype.Fp16:
                var half = BitConverter.Int16BitsToHalf((short)bits);
                return Half.IsFinite(half) ? (half.ToString("R", CultureInfo.InvariantCulture), BitConverter.GetBytes(half)) : ("0", [0, 0]);
            case Datatype.Bf16:
                var brain = BitConverter.Int32BitsToSingle((int)((uint)bits & 0xFFFF0000));
                return float.IsFinite(brain) ? (brain.ToString("R", CultureInfo.InvariantCulture), BitConverter.GetBytes(brain)[2..]) : ("0", [0, 0]);
            case Datatype.Fp32:
                var single = BitConverter.Int32BitsToSingle((int)bits);
                return float.IsFinite(single) ? (single.ToString("R", CultureInfo.InvariantCulture), BitConverter.GetBytes(single)) : ("0", new byte[4]);
            case Datatype.Fp64:
                var number = BitConverter.Int64BitsToDouble(bits);
                return double.IsFinite(number) ? (number.ToString("R", CultureInfo.InvariantCulture), BitConverter.GetBytes(number)) : ("0", new byte[8]);
            default:
                var text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => RandomRune(random).ToString()));
                // The default encoder escapes all that is not plain ASCII; the other next to nothing.
                var json = random.Next(2) == 0 ? JsonSerializer.Serialize(text) : JsonSerializer.Serialize(text, Relaxed);
                return (json, Encoding.UTF8.GetBytes(text));
        }

        static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static Rune RandomRune(Random random)
    {
        while (true)
        {
            if (Rune.TryCreate(random.Next(4) switch { 0 => random.Next(0x80), 1 => random.Next(0x800), 2 => random.Next(0x10000), _ => random.Next(0x110000) }, out var rune))
                return rune;
        }
    }
}
