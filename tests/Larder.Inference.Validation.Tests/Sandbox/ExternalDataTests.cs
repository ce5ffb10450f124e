using System.Runtime.InteropServices;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Tests.Sandbox;

public sealed class ExternalDataTests(SharedSandbox validation) : IClassFixture<SharedSandbox>
{
    [Fact]
    public async Task A_model_with_data_beside_it_is_loaded_and_run()
    {
        var (model, data) = OnnxModel.LinearWithData("weights/all.bin");
        var folder = Directory.CreateTempSubdirectory("larder-data-");
        try
        {
            folder.CreateSubdirectory("weights");
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "weights", "all.bin"), data);
            var path = Path.Combine(folder.FullName, "model.onnx");
            await File.WriteAllBytesAsync(path, model);

            var description = await validation.Validator.ValidateAsync(path, CancellationToken.None, dataFiles: ["weights/all.bin"]);

            Assert.Equal(["label", "probabilities"], description.Signature.Outputs.Select(output => output.Name));
            Assert.True(description.RowsAreIndependent);
            Assert.Equal(["weights/all.bin"], await validation.Validator.DataFilesAsync(path, CancellationToken.None));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5000)]
    public async Task Constants_in_another_file_are_looked_at_like_those_in_the_model(int count)
    {
        // A whole division by -1 can end the process; one by 2 cannot. Large constants are not looked at, in the model or beside it.
        if (count < 512)
            await AcceptsAsync(Division(count), Constants(count, 2));
        var refusal = await Assert.ThrowsAsync<InvalidModelException>(() => AcceptsAsync(Division(count), Constants(count, -1)));
        Assert.Contains("the smallest integer divided by -1 would end the server", refusal.Message, StringComparison.Ordinal);
    }

    private static OnnxModel Division(int count) => new OnnxModel()
        .Input("a", Datatype.Int64, count)
        .Output("y", Datatype.Int64, count)
        .Initializer(OnnxTensor.Place(OnnxTensor.Declare("b", TensorElementType.Int64, count), ("location", "b.bin")))
        .Node("Div", ["a", "b"], ["y"]);

    private static byte[] Constants(int count, long last)
    {
        var constants = Enumerable.Repeat(2L, count).ToArray();
        constants[^1] = last;
        return [.. MemoryMarshal.AsBytes(constants.AsSpan())];
    }

    private async Task AcceptsAsync(OnnxModel model, byte[] data)
    {
        var folder = Directory.CreateTempSubdirectory("larder-data-");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "b.bin"), data);
            await validation.Validator.ValidateAsync(model.Save(Path.Combine(folder.FullName, "model.onnx")), CancellationToken.None, dataFiles: ["b.bin"]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_file_that_lies_beside_the_model_by_chance_is_not_read()
    {
        var (model, data) = OnnxModel.LinearWithData("neighbour");
        var path = validation.Save(model);
        await File.WriteAllBytesAsync(Path.Combine(Path.GetDirectoryName(path)!, "neighbour"), data);

        var refusal = await Assert.ThrowsAsync<InvalidModelException>(() => validation.Validator.ValidateAsync(path, CancellationToken.None));
        Assert.Contains("which did not come with the model", refusal.Message, StringComparison.Ordinal);
    }
}
