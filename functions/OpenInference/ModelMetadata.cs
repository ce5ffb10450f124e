using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Operations;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Larder.Registry.Catalog;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.OpenInference;

/// <summary>What the server and its models are, in the Open Inference Protocol V2.</summary>
public sealed class ModelMetadata(ModelRegistry registry, ModelCatalog catalog, ServerVersion server)
{
    private const int Page = ModelRegistry.MaxPage;

    /// <summary>Name, version and extensions of the server.</summary>
    [Function("ServerMetadataV2"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("Server metadata, in the Open Inference Protocol V2.")]
    public IActionResult Server([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2")] HttpRequest request) =>
        new PlainAnswer(new ServerMetadataAnswer { Name = "larder", Version = server.Version, Extensions = ["binary_tensor_data", "classification", "model_configuration", "model_repository"] });

    /// <summary>Names of all models, as KServe's server lists them.</summary>
    [Function("ModelNamesV2"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Names of all models, as KServe lists them.")]
    public async Task<IActionResult> Names([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models")] HttpRequest request, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var model in InScopeAsync(registry, request, cancellationToken))
            names.Add(model.Name);
        return new PlainAnswer(new ModelNamesAnswer(names));
    }

    /// <summary>Inputs and outputs of the version that requests without a version get.</summary>
    [Function("ModelMetadataV2"), Requires(Role.Reader), Description("Model metadata, in the Open Inference Protocol V2.")]
    public Task<IActionResult> Default(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}")] HttpRequest request, string model, CancellationToken cancellationToken) =>
        MetadataAsync(model, cancellationToken);

    /// <summary>Inputs and outputs of a version, given by its number or by an alias.</summary>
    [Function("VersionMetadataV2"), Requires(Role.Reader), Description("Metadata of a version, in the Open Inference Protocol V2.")]
    public Task<IActionResult> Version(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/versions/{version}")] HttpRequest request, string model, string version, CancellationToken cancellationToken) =>
        MetadataAsync($"{model}:{version}", cancellationToken);

    /// <summary>Whether there is a version to serve requests without a version.</summary>
    [Function("ModelReadyV2"), Requires(Role.Reader), Description("Model readiness, in the Open Inference Protocol V2.")]
    public Task<IActionResult> Ready(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/ready")] HttpRequest request, string model, CancellationToken cancellationToken) =>
        ReadyAsync(model, cancellationToken);

    /// <summary>Whether there is a version.</summary>
    [Function("VersionReadyV2"), Requires(Role.Reader), Description("Readiness of a version, in the Open Inference Protocol V2.")]
    public Task<IActionResult> VersionReady(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/versions/{version}/ready")] HttpRequest request, string model, string version, CancellationToken cancellationToken) =>
        ReadyAsync($"{model}:{version}", cancellationToken);

    /// <summary>The configuration of a model in Triton's form.</summary>
    [Function("ModelConfigurationV2"), Requires(Role.Reader), Description("Model configuration, as Triton answers it.")]
    public Task<IActionResult> Configuration(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/config")] HttpRequest request, string model, CancellationToken cancellationToken) =>
        ConfigurationAsync(model, cancellationToken);

    /// <summary>The configuration of a version in Triton's form.</summary>
    [Function("VersionConfigurationV2"), Requires(Role.Reader), Description("Configuration of a version, as Triton answers it.")]
    public Task<IActionResult> VersionConfiguration(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/versions/{version}/config")] HttpRequest request, string model, string version, CancellationToken cancellationToken) =>
        ConfigurationAsync($"{model}:{version}", cancellationToken);

    /// <summary>The models that a caller's token covers.</summary>
    internal static async IAsyncEnumerable<Model> InScopeAsync(ModelRegistry registry, HttpRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var scope = request.Caller().Scope;
        string? cursor = null;
        do
        {
            var page = await registry.ListAsync(Page, cursor, cancellationToken: cancellationToken);
            foreach (var model in page.Items.Where(model => scope?.Covers(model) != false))
                yield return model;
            cursor = page.Cursor;
        }
        while (cursor is not null);
    }

    /// <summary>The versions of a model that can be served, as the protocol writes them.</summary>
    internal static async Task<IReadOnlyList<string>> VersionsAsync(ModelRegistry registry, ModelName model, CancellationToken cancellationToken)
    {
        var versions = new List<string>();
        string? cursor = null;
        do
        {
            var page = await registry.ListVersionsAsync(model, Page, cursor, cancellationToken);
            versions.AddRange(page.Items.Where(version => version.Status == ModelVersionStatus.Ready).Select(version => $"{version.Version}"));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        return versions;
    }

    private async Task<IActionResult> MetadataAsync(string reference, CancellationToken cancellationToken)
    {
        var model = await catalog.ResolveAsync(reference, cancellationToken);
        var signature = model.Version.Onnx.Signature;
        return new PlainAnswer(new ModelMetadataAnswer
        {
            Name = model.Model.Name,
            Versions = await VersionsAsync(registry, model.Model.Name, cancellationToken),
            Platform = "onnx_onnxv1",
            Inputs = [.. signature.AllInputs.Select(input => new TensorMetadata(input.Name, input.Datatype!.Value.Name(), input.Shape!))],
            Outputs = [.. TensorSignature.Of(signature).Select(output => new TensorMetadata(output.Name, output.Datatype.Name(), output.Shape))],
        });
    }

    private async Task<IActionResult> ReadyAsync(string reference, CancellationToken cancellationToken) =>
        new PlainAnswer(new ReadyAnswer(true) { Name = (await catalog.ResolveAsync(reference, cancellationToken)).Model.Name });

    private async Task<IActionResult> ConfigurationAsync(string reference, CancellationToken cancellationToken)
    {
        var model = await catalog.ResolveAsync(reference, cancellationToken);
        var signature = model.Version.Onnx.Signature;
        return new PlainAnswer(new ModelConfigurationAnswer
        {
            Name = model.Model.Name,
            Platform = "onnxruntime_onnx",
            Backend = "onnxruntime",
            MaxBatchSize = 0,
            Inputs = [.. signature.AllInputs.Select(input => new TensorConfiguration(input.Name, TypeOf(input.Datatype!.Value), input.Shape!) { Optional = signature.OptionalInputs.Contains(input) })],
            Outputs = [.. TensorSignature.Of(signature).Select(output => new TensorConfiguration(output.Name, TypeOf(output.Datatype), output.Shape))],
        });
    }

    // Triton's configuration calls BYTES a string.
    private static string TypeOf(Datatype datatype) => datatype == Datatype.Bytes ? "TYPE_STRING" : $"TYPE_{datatype.Name()}";
}

/// <summary>An answer that is an object of another protocol, as it is.</summary>
/// <param name="answer">The object.</param>
internal sealed class PlainAnswer(object answer) : JsonAnswer
{
    /// <inheritdoc />
    protected override int Write(Utf8JsonWriter writer, Dialect dialect)
    {
        JsonSerializer.Serialize(writer, answer, answer.GetType(), Json.Options);
        return StatusCodes.Status200OK;
    }
}
