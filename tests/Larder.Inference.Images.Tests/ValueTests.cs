using System.Runtime.InteropServices;
using Larder.Inference.Images.Tests.Files;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Images.Tests;

public sealed class ValueTests
{
    // Every raw value once.
    private static readonly byte[] Raw = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
    private static readonly byte[] Image = Png.Write(16, 16, Png.Grey, Raw);

    private static T[] Decode<T>(Datatype datatype, ImageSettings? settings = null)
        where T : unmanaged => Inputs.Of(datatype, 16, 16).Decode<T>(Image, settings);

    [Fact]
    public void By_default_every_datatype_gets_the_raw_values()
    {
        Assert.Equal(Raw, Decode<byte>(Datatype.UInt8));
        Assert.Equal(Raw.Select(v => (ushort)v), Decode<ushort>(Datatype.UInt16));
        Assert.Equal(Raw.Select(v => (short)v), Decode<short>(Datatype.Int16));
        Assert.Equal(Raw.Select(v => (uint)v), Decode<uint>(Datatype.UInt32));
        Assert.Equal(Raw.Select(v => (int)v), Decode<int>(Datatype.Int32));
        Assert.Equal(Raw.Select(v => (ulong)v), Decode<ulong>(Datatype.UInt64));
        Assert.Equal(Raw.Select(v => (long)v), Decode<long>(Datatype.Int64));
        Assert.Equal(Raw.Select(v => (Half)v), Decode<Half>(Datatype.Fp16));
        Assert.Equal(Raw.Select(v => (float)v), Decode<float>(Datatype.Fp32));
        Assert.Equal(Raw.Select(v => (double)v), Decode<double>(Datatype.Fp64));
        Assert.Equal(Raw.Select(v => (float)v), Decode<ushort>(Datatype.Bf16).Select(v => (float)new BFloat16(v)));
    }

    [Fact]
    public void A_value_that_an_integer_cannot_hold_becomes_the_nearest_that_it_can()
    {
        Assert.Equal(Raw.Select(v => (sbyte)Math.Min((byte)127, v)), Decode<sbyte>(Datatype.Int8));
        Assert.Equal(Raw.Select(v => (sbyte)(v - 128)), Decode<sbyte>(Datatype.Int8, new ImageSettings { Mean = [128] }));
        Assert.Equal(Raw.Select(v => (byte)Math.Max(0, v - 100)), Decode<byte>(Datatype.UInt8, new ImageSettings { Mean = [100] }));
        Assert.Equal(Raw.Select(v => Math.Max(0UL, v > 3 ? v - 3UL : 0)), Decode<ulong>(Datatype.UInt64, new ImageSettings { Mean = [3] }));
        Assert.Equal([0, 0, 1, 2, 2, 2, 3], Decode<byte>(Datatype.UInt8, new ImageSettings { Scale = 0.5 })[..7]);
    }

    [Fact]
    public void Scale_comes_first_then_mean_then_std()
    {
        var settings = new ImageSettings { Scale = 1 / 255.0, Mean = [0.5], Std = [0.25] };
        Assert.Equal(Raw.Select(v => (float)(((v * (1 / 255.0)) - 0.5) / 0.25)), Decode<float>(Datatype.Fp32, settings));
        Assert.Equal(Raw.Select(v => (Half)(((v * (1 / 255.0)) - 0.5) / 0.25)), Decode<Half>(Datatype.Fp16, settings));
        Assert.Equal(Raw.Select(v => ((v * (1 / 255.0)) - 0.5) / 0.25), Decode<double>(Datatype.Fp64, settings));
    }

    [Fact]
    public void Bfloat16_is_rounded_to_the_nearest()
    {
        var thirds = Decode<ushort>(Datatype.Bf16, new ImageSettings { Scale = 1 / 3.0 });
        Assert.All(thirds.Zip(Raw), pair =>
        {
            var (exact, got) = (pair.Second / 3.0, (float)new BFloat16(pair.First));
            var below = (float)new BFloat16((ushort)(pair.First - 1));
            var above = (float)new BFloat16((ushort)(pair.First + 1));
            Assert.True(pair.Second == 0 ? got == 0 : Math.Abs(got - exact) <= Math.Min(Math.Abs(below - exact), Math.Abs(above - exact)));
        });
    }

    [Fact]
    public void Mean_and_std_may_differ_by_channel_and_follow_the_order_of_the_tensor()
    {
        var png = Png.Write(2, 2, Png.Rgb, [10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30]);
        var settings = new ImageSettings { Mean = [1, 2, 3], Std = [1, 2, 4] };
        var input = Inputs.Of(Datatype.Fp32, 2, 2, 3);
        Assert.Equal([9f, 9f, 6.75f], input.Decode<float>(png, settings)[..3]);
        Assert.Equal([29f, 9f, 1.75f], input.Decode<float>(png, settings with { ChannelOrder = "BGR" })[..3]);

        var first = Inputs.Of(Datatype.Fp32, 1, 3, 2, 2).Decode<float>(png, settings);
        Assert.Equal([9, 9, 9, 9, 9, 9, 9, 9, 6.75f, 6.75f, 6.75f, 6.75f], first);
    }

    [Fact]
    public void A_destination_of_another_size_is_the_callers_mistake()
    {
        using var image = ImagePlan.For(Inputs.Of(Datatype.Fp32, 16, 16), new()).Decode(Image, new());
        Assert.Equal(1024, image.ByteLength);
        Assert.Throws<ArgumentOutOfRangeException>(() => image.WriteTo(new byte[1023]));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.WriteTo(new byte[1025]));
    }

    [Fact]
    public void A_disposed_image_is_not_read()
    {
        var image = ImagePlan.For(Inputs.Of(Datatype.UInt8, 16, 16), new()).Decode(Image, new());
        image.Dispose();
        image.Dispose();
        Assert.Throws<ObjectDisposedException>(() => image.WriteTo(new byte[256]));
    }

    [Fact]
    public void The_bytes_may_be_a_part_of_a_larger_buffer()
    {
        foreach (var file in new[] { Image, Encoded.As(".jpg", 16, 16, 1, Raw) })
        {
            byte[] buffer = [1, 2, 3, .. file, 4, 5];
            using var part = ImagePlan.For(Inputs.Of(Datatype.UInt8, 16, 16), new()).Decode(buffer.AsMemory(3, file.Length), new());
            var tensor = new byte[256];
            part.WriteTo(tensor);
            Assert.Equal(Inputs.Of(Datatype.UInt8, 16, 16).Decode<byte>(file), tensor);
        }
    }

    [Fact]
    public void What_is_written_is_what_ONNX_Runtime_reads()
    {
        var input = Inputs.Of(Datatype.Fp32, -1, 1, 16, 16);
        using var image = ImagePlan.For(input, new()).Decode(Image, new());
        using var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, input.Datatype!.Value.ToOnnx(), [.. image.Shape]);
        image.WriteTo(MemoryMarshal.AsBytes(value.GetTensorMutableDataAsSpan<float>()));
        Assert.Equal(Raw.Select(v => (float)v), value.GetTensorDataAsSpan<float>().ToArray());
    }
}
