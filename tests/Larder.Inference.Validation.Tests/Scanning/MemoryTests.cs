using Larder.Inference.Validation.Scanning;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Tests.Scanning;

public sealed class MemoryTests : IDisposable
{
    private const int Allowed = 1 << 20;
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_file_of_two_gigabytes_takes_no_more_memory_than_a_small_one()
    {
        // Weights that are a hole in the file: they take no room on the disk.
        const int Weights = 2_000_000_000;
        var tensor = OnnxTensor.Declare("w", TensorElementType.UInt8, Weights).Raw(9 << 3 | 2).Raw(Length(Weights)).ToBytes();
        var graph = new Proto().Raw(5 << 3 | 2).Raw(Length(tensor.Length + Weights)).Raw(tensor).ToBytes();
        var model = new OnnxModel().WithGraph(null).Raw(7 << 3 | 2).Raw(Length(graph.Length + Weights)).Raw(graph).ToBytes();
        using (var file = File.OpenWrite(_path))
        {
            file.Write(model);
            file.SetLength(model.Length + Weights);
        }

        using var stream = File.OpenRead(_path);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var scan = OnnxScanner.Scan(stream, new ValidationLimits(), default);

        Assert.Equal(8, scan.IrVersion);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Allowed);
    }

    [Fact]
    public void Weights_that_are_not_raw_take_no_memory_either()
    {
        var values = new byte[50_000_000];
        var model = Scan.Model().Initializer(OnnxTensor.Declare("w", TensorElementType.Int64, values.Length).Bytes(7, values)).ToBytes();

        var before = GC.GetAllocatedBytesForCurrentThread();
        Scan.Accepts(model);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Allowed);
    }

    [Fact]
    public void A_file_that_protobuf_cannot_hold_is_refused()
    {
        using (var file = File.OpenWrite(_path))
            file.SetLength(1L << 31);

        using var stream = File.OpenRead(_path);
        var refusal = Assert.Throws<InvalidModelException>(() => OnnxScanner.Scan(stream, new ValidationLimits(), default));

        Assert.Equal("The file is larger than 2147483647 bytes, the most that protobuf, and so ONNX, allows.", refusal.Message);
    }

    [Fact]
    public void A_scan_can_be_cancelled()
    {
        Assert.Throws<OperationCanceledException>(() => OnnxScanner.Scan(new MemoryStream(OnnxModel.Linear()), new ValidationLimits(), new CancellationToken(true)));
    }

    private static byte[] Length(long value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        return [.. bytes, (byte)value];
    }
}
