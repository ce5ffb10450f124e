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

/// <summary>Triton's statistics extension: what this server has predicted since its start, over all protocols.</summary>
public sealed class ModelStatistics(OpenModels models)
{
    /// <summary>Statistics of the versions that had requests.</summary>
    /// <remarks>By its name it comes before the metadata of a model, as whose name the route would be taken.</remarks>
    [Function("AllStatisticsV2"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Statistics of all models, as Triton answers them.")]
    [Answers(typeof(ModelStatisticsAnswer))]
    public async Task<IActionResult> All([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/stats")] HttpRequest request, CancellationToken cancellationToken) =>
        new PlainAnswer(await models.StatisticsAsync(request.Caller(), cancellationToken));

    /// <summary>Statistics of a model's versions.</summary>
    [Function("ModelStatisticsV2"), Requires(Role.Reader), Description("Statistics of a model, as Triton answers them.")]
    [Answers(typeof(ModelStatisticsAnswer))]
    public async Task<IActionResult> Model(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/stats")] HttpRequest request, string model, CancellationToken cancellationToken) =>
        new PlainAnswer(await models.StatisticsAsync(model, cancellationToken));

    /// <summary>Statistics of a version, given by its number or by an alias.</summary>
    [Function("VersionStatisticsV2"), Requires(Role.Reader), Description("Statistics of a version, as Triton answers them.")]
    [Answers(typeof(ModelStatisticsAnswer))]
    public async Task<IActionResult> Version(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/models/{model}/versions/{version}/stats")] HttpRequest request, string model, string version, CancellationToken cancellationToken) =>
        new PlainAnswer(await models.VersionStatisticsAsync($"{model}:{version}", cancellationToken));
}
