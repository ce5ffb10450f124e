using System.Text.Json;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Tests.Tensors;

public sealed class PredictionOutputsTests : IAsyncLifetime
{
    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Fact]
    public async Task A_sequence_of_maps_is_a_list_of_objects_with_keys_as_strings()
    {
        var outputs = await _kitchen.PredictAsync(OnnxModel.ZipMap(), "[[2,5,1,4],[1,1,1,1]]");

        using var probabilities = JsonDocument.Parse(outputs[1]);
        Assert.Equal(2, probabilities.RootElement.GetArrayLength());
        foreach (var row in probabilities.RootElement.EnumerateArray())
        {
            Assert.Equal(["0", "1", "2"], row.EnumerateObject().Select(property => property.Name));
            Assert.Equal(1, row.EnumerateObject().Sum(property => property.Value.GetDouble()), 1e-5);
        }

        Assert.Equal(2, JsonDocument.Parse(outputs[0]).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task A_map_with_string_keys_keeps_them()
    {
        var model = new OnnxModel()
            .Opset("ai.onnx.ml", 1)
            .Input("x", Datatype.Fp32, -1, 2)
            .Output("y", OnnxType.Sequence(OnnxType.Map(Datatype.Bytes, OnnxType.Tensor(Datatype.Fp32))))
            .Node(new OnnxNode("ZipMap", ["x"], ["y"], "ai.onnx.ml").Strings("classlabels_strings", "größe \"x\"", "b"))
            .ToBytes();

        using var rows = JsonDocument.Parse((await _kitchen.PredictAsync(model, "[[0.25,0.75],[1,0]]"))[0]);

        Assert.Equal(0.25, rows.RootElement[0].GetProperty("größe \"x\"").GetDouble());
        Assert.Equal(0, rows.RootElement[1].GetProperty("b").GetDouble());
    }

    [Fact]
    public async Task A_sequence_of_tensors_is_a_list_of_them()
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, -1)
            .Output("y", OnnxType.Sequence(OnnxType.Tensor(Datatype.Fp32)))
            .Node("Neg", ["x"], ["z"])
            .Node("SequenceConstruct", ["x", "z"], ["y"])
            .ToBytes();

        Assert.Equal(["[[1,2],[-1,-2]]"], await _kitchen.PredictAsync(model, "[1,2]"));
    }

    [Fact]
    public async Task An_empty_sequence_is_an_empty_list()
    {
        var outputs = await _kitchen.PredictAsync(OnnxModel.ZipMap(), "[]");

        Assert.Equal(["[]", "[]"], outputs);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_replaced()
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, 1)
            .Output("y", Datatype.Bytes, 2)
            .Initializer(OnnxTensor.Declare("text", TensorElementType.String, 2).Bytes(6, [0x61, 0xFF]).Bytes(6, "ok"u8))
            .Node("Identity", ["text"], ["y"])
            .ToBytes();

        Assert.Equal(["[\"a\uFFFD\",\"ok\"]"], await _kitchen.PredictAsync(model, "[1]"));
    }

    [Fact]
    public async Task Disposed_outputs_cannot_be_written()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Fp32, -1));
        using var inputs = lease.Model.RentInputs();
        Kitchen.Read(inputs, "[1]"u8.ToArray());
        var outputs = await lease.Model.RunAsync(inputs, CancellationToken.None);
        outputs.Dispose();
        outputs.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Kitchen.Write(outputs, 0));
    }
}
