using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Sandbox;

/// <summary>A validator and a folder for its files, shared by the tests of a class: the child process starts once.</summary>
public sealed class SharedSandbox : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-validation-");

    public ModelValidator Validator { get; } = new(new ValidationLimits { SandboxMemoryBytes = 1L << 30 });

    public string Save(byte[] model, string? name = null)
    {
        var path = Path.Combine(_folder.FullName, name ?? Path.GetRandomFileName());
        File.WriteAllBytes(path, model);
        return path;
    }

    public Task<ModelDescription> Accepts(IProtoMessage model) => Accepts(model.ToBytes());

    public Task<ModelDescription> Accepts(byte[] model) => Validator.ValidateAsync(Save(model), CancellationToken.None);

    public Task<string> Refuses(IProtoMessage model) => Refuses(model.ToBytes());

    public async Task<string> Refuses(byte[] model) => (await Assert.ThrowsAsync<InvalidModelException>(() => Accepts(model))).Message;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Validator.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
