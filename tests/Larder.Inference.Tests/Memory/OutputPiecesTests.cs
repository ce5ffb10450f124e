using System.Buffers;
using System.Text;
using System.Text.Json;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Memory;

/// <summary>In pieces the same text is written as at once, and no piece is large.</summary>
public sealed class OutputPiecesTests : IAsyncLifetime
{
    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    public static TheoryData<long[]> Shapes => new(
        [], [0], [1], [7], [20_000], [3, 0], [0, 3], [2, 3, 0, 5], [5_000, 3], [3, 5_000], [1, 1, 1], [4, 1, 4097], [17, 19, 23], [2, 2, 2, 2, 2, 2, 2], [1, 4096], [4096, 1]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Numbers_of_every_shape(long[] shape)
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Int64, [.. shape.Select(_ => (OnnxDim)(-1))]));
        using var inputs = lease.Model.RentInputs();
        var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(inputs[0].Reserve(shape));
        for (var i = 0; i < values.Length; i++)
            values[i] = i * 7919L;

        await SameAsync(lease.Model, inputs);
    }

    [Fact]
    public async Task Strings_of_any_length()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Bytes, -1, 2));
        using var inputs = lease.Model.RentInputs();
        Kitchen.Read(inputs, JsonSerializer.SerializeToUtf8Bytes(Enumerable.Range(0, 300).Select(i => new[] { $"é{i}", new string('x', i * 20) })));

        await SameAsync(lease.Model, inputs);
    }

    [Fact]
    public async Task Sequences_of_maps_and_of_tensors()
    {
        using var maps = await _kitchen.LeaseAsync(OnnxModel.ZipMap());
        using (var inputs = maps.Model.RentInputs())
        {
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(inputs[0].Reserve([3000, 4])).Fill(0.5f);
            await SameAsync(maps.Model, inputs);
        }

        using var tensors = await _kitchen.LeaseAsync(new OnnxModel()
            .Input("x", Datatype.Fp32, -1)
            .Output("y", OnnxType.Sequence(OnnxType.Tensor(Datatype.Fp32)))
            .Node("Neg", ["x"], ["z"])
            .Node("SequenceConstruct", ["x", "z"], ["y"])
            .ToBytes());
        using (var inputs = tensors.Model.RentInputs())
        {
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(inputs[0].Reserve([10_000])).Fill(0.5f);
            await SameAsync(tensors.Model, inputs);
        }
    }

    private static async Task SameAsync(LoadedModel model, PredictionInputs inputs)
    {
        using var outputs = await model.RunAsync(inputs, CancellationToken.None);
        for (var i = 0; i < outputs.Count; i++)
        {
            var buffer = new ArrayBufferWriter<byte>();
            var longest = 0L;
            using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                foreach (var _ in outputs.WritePieces(i, writer))
                {
                    var before = buffer.WrittenCount;
                    writer.Flush();
                    longest = Math.Max(longest, buffer.WrittenCount - before);
                }
            }

            Assert.Equal(Kitchen.Write(outputs, i), Encoding.UTF8.GetString(buffer.WrittenSpan));
            Assert.InRange(longest, 0, 128 << 10);
        }
    }
}
