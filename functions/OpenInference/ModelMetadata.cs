using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.OpenInference;

/// <summary>What the server and its models are, in the Open Inference Protocol V2.</summary>
public sealed class ModelMetadata(OpenModels models)
{
    /// <summary>Name, version and extensions of the server.</summary>
    [Function("ServerMetadataV2"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("Server metadata, in the Open Inference Protocol V2.")]
    [Answers(typeof(ServerMetadataAnswer))]
    public IActionResult Server([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2")] HttpRequest request) =>
        new PlainAnswer(models.Server);

    /// <summary>Names of all models, as KServe's server lists them.</summary>
    [Function("ModelNamesV2"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Names of all models, as KServe lists them.")]
    [Answers(typeof(ModelNamesAnswer))]
    public async Task<IActionResult> Names([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models")] HttpRequest request, CancellationToken cancellationToken) =>
        new PlainAnswer(await models.NamesAsync(request.Caller(), cancellationToken));

    /// <summary>Inputs and outputs of the version that requests without a version get.</summary>
    [Function("ModelMetadataV2"), Requires(Role.Reader), Description("Model metadata, in the Open Inference Protocol V2.")]
    [Answers(typeof(ModelMetadataAnswer))]
    public Task<IActionResult> Default(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}")] HttpRequest request, string model, CancellationToken cancellationToken) =>
        MetadataAsync(model, cancellationToken);

    /// <summary>Inputs and outputs of a version, given by its number or by an alias.</summary>
    [Function("VersionMetadataV2"), Requires(Role.Reader), Description("Metadata of a version, in the Open Inference Protocol V2.")]
    [Answers(typeof(ModelMetadataAnswer))]
    public Task<IActionResult> Version(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/versions/{version}")] HttpRequest request, string model, string version, CancellationToken cancellationToken) =>
        MetadataAsync($"{model}:{version}", cancellationToken);

    /// <summary>Whether there is a version to serve requests without a version.</summary>
    [Function("ModelReadyV2"), Requires(Role.Reader), Description("Model readiness, in the Open Inference Protocol V2.")]
    [Answers(typeof(ReadyAnswer))]
    public Task<IActionResult> Ready(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/ready")] HttpRequest request, string model, CancellationToken cancellationToken) =>
        ReadyAsync(model, cancellationToken);

    /// <summary>Whether there is a version.</summary>
    [Function("VersionReadyV2"), Requires(Role.Reader), Description("Readiness of a version, in the Open Inference Protocol V2.")]
    [Answers(typeof(ReadyAnswer))]
    public Task<IActionResult> VersionReady(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/versions/{version}/ready")] HttpRequest request, string model, string version, CancellationToken cancellationToken) =>
        ReadyAsync($"{model}:{version}", cancellationToken);

    /// <summary>The configuration of a model in Triton's form.</summary>
    [Function("ModelConfigurationV2"), Requires(Role.Reader), Description("Model configuration, as Triton answers it.")]
    [Answers(typeof(ModelConfigurationAnswer))]
    public Task<IActionResult> Configuration(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/config")] HttpRequest request, string model, CancellationToken cancellationToken) =>
        ConfigurationAsync(model, cancellationToken);

    /// <summary>The configuration of a version in Triton's form.</summary>
    [Function("VersionConfigurationV2"), Requires(Role.Reader), Description("Configuration of a version, as Triton answers it.")]
    [Answers(typeof(ModelConfigurationAnswer))]
    public Task<IActionResult> VersionConfiguration(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/versions/{version}/config")] HttpRequest request, string model, string version, CancellationToken cancellationToken) =>
        ConfigurationAsync($"{model}:{version}", cancellationToken);

    private async Task<IActionResult> MetadataAsync(string reference, CancellationToken cancellationToken) => new PlainAnswer(await models.MetadataAsync(reference, cancellationToken));

    private async Task<IActionResult> ReadyAsync(string reference, CancellationToken cancellationToken) =>
        new PlainAnswer(new ReadyAnswer(true) { Name = await models.ReadyAsync(reference, cancellationToken) });

    private async Task<IActionResult> ConfigurationAsync(string reference, CancellationToken cancellationToken) => new PlainAnswer(await models.ConfigurationAsync(reference, cancellationToken));
}
