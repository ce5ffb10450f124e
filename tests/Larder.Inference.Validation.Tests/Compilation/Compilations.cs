using System.Reflection;
using System.Text.Json;
using Larder.Inference.Compilation;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Compilation;

/// <summary>A compiler and a folder for its files, shared by the tests of a class.</summary>
public sealed class Compilations : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-compilation-");

    public Compilations() => Compiler = new ModelCompiler(Validator);

    // A small file has more time than on a server: other tests may keep the processors busy.
    public ModelValidator Validator { get; } = new(new ValidationLimits { SandboxMemoryBytes = 1L << 30, SmallLoadSeconds = 60 });

    public ModelCompiler Compiler { get; }

    public static string Sample(string name) => Path.Combine(
        typeof(Compilations).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Samples").Value!, name, $"{name}.onnx");

    public string NewPath() => Path.Combine(_folder.FullName, Path.GetRandomFileName());

    public string[] Files() => Directory.GetFiles(_folder.FullName);

    public string Save(byte[] model)
    {
        var path = NewPath();
        File.WriteAllBytes(path, model);
        return path;
    }

    public Task<(CompilationResult Result, string Destination)> Compile(IProtoMessage model, string? samples = null, double atol = 1e-5, double rtol = 1e-4) =>
        Compile(Save(model.ToBytes()), samples, atol, rtol);

    public async Task<(CompilationResult Result, string Destination)> Compile(string path, string? samples = null, double atol = 1e-5, double rtol = 1e-4)
    {
        var destination = NewPath();
        var signature = (await Validator.ValidateAsync(path, CancellationToken.None)).Signature;
        var result = await Compiler.CompileAsync(path, destination, signature, Samples(samples), atol, rtol, CancellationToken.None);
        Assert.Equal(result.IsSame, File.Exists(destination));
        Assert.DoesNotContain(Files(), file => file.EndsWith(".partial", StringComparison.Ordinal));
        return (result, destination);
    }

    /// <summary>What a <c>samples.json</c> with this text says.</summary>
    public static JsonElement[]? Samples(string? json) => json is null ? null : [.. JsonDocument.Parse(json).RootElement.EnumerateArray()];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Validator.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
