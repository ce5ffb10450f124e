using System.Diagnostics;
using Larder.Inference.Images.Tests.Files;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Images.Tests;

[Collection(nameof(Alone))]
public sealed class LoadTests
{
    [Fact]
    public void Many_threads_get_the_same_pixels_as_one_and_libvips_keeps_nothing()
    {
        var pixels = Encoded.Gradient(300, 200);
        byte[][] files =
        [
            Png.Write(300, 200, Png.Rgb, pixels),
            Encoded.As(".jpg", 300, 200, 3, pixels),
            Encoded.As(".webp", 300, 200, 3, pixels),
            Encoded.As(".gif", 300, 200, 3, pixels),
            Encoded.As(".tif[compression=deflate]", 300, 200, 3, pixels),
            Encoded.As(".jpg", 300, 200, 3, pixels)[..2000],
        ];
        var input = Inputs.Of(Datatype.Fp32, -1, 3, 64, 64);
        var plan = ImagePlan.For(input, new ImageSettings { Scale = 1 / 255.0 });
        var expected = files.Select(Decode).ToArray();
        Assert.Null(expected[5]);
        Assert.All(expected[..5], Assert.NotNull);
        var before = NetVips.Stats.Mem;

        var wrong = 0;
        var threads = Enumerable.Range(0, 8).Select(thread => new Thread(() =>
        {
            for (var i = 0; i < 200; i++)
            {
                var file = (i + thread) % files.Length;
                if (!(Decode(files[file])?.SequenceEqual(expected[file]!) ?? expected[file] is null))
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        })).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        Assert.Equal(0, wrong);
        // 1,600 images of 180,000 bytes passed through; threads that still live may keep a buffer or two.
        Assert.InRange((long)NetVips.Stats.Mem - (long)before, long.MinValue, 8 * 1024 * 1024);

        byte[]? Decode(byte[] file)
        {
            try
            {
                using var image = plan.Decode(file, new());
                var tensor = new byte[image.ByteLength];
                image.WriteTo(tensor);
                return tensor;
            }
            catch (InvalidInputException)
            {
                return null;
            }
        }
    }

    [Fact]
    public void Neither_files_nor_pixels_stay_in_memory()
    {
        var noise = new byte[1500 * 1000 * 3];
        new Random(2).NextBytes(noise);
        var file = Png.Write(1500, 1000, Png.Rgb, noise);
        var plan = ImagePlan.For(Inputs.Of(Datatype.UInt8, -1, -1, -1, 3), new());
        var tensor = new byte[noise.Length];
        var damaged = file[..^100];
        Decode(10);

        var before = Resident();
        Decode(60);
        // Had each left its file or its pixels behind, this would be 540 MB or more.
        Assert.InRange(Resident() - before, long.MinValue, 200L * 1024 * 1024);
        Assert.Equal(noise, tensor);

        void Decode(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var image = plan.Decode(file, new());
                image.WriteTo(tensor);
                Assert.Throws<InvalidInputException>(() => plan.Decode(damaged, new()));
            }
        }

        static long Resident()
        {
            using var process = Process.GetCurrentProcess();
            return process.WorkingSet64;
        }
    }
}
