using Larder.Testing.Onnx;

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
