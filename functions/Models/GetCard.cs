using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Functions.Prediction;
using Larder.Inference.Limits;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Models;

/// <summary>The card of a model: what people read before they use it.</summary>
public sealed class GetCard(ModelRegistry registry, SampleStore samples, JobStore jobs, PredictionLimits bodies, InferenceLimits limits)
{
    private const string Markdown = "text/markdown";

    /// <summary>The card, as JSON; as Markdown where the request prefers that.</summary>
    [Function("GetCard"), Requires(Role.Reader), Description("What a reader wants to know of a version; as Markdown with Accept: text/markdown.")]
    [Query, TakesHeaders("Accept"), Answers(typeof(CardAnswer)), Answers(MediaType = Markdown)]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{reference}/card")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var card = await CardAsync(reference, cancellationToken);
        request.HttpContext.Response.Headers.Vary = HeaderNames.Accept;
        return PrefersMarkdown(request)
            ? new ContentResult { Content = CardText.Markdown(card), ContentType = $"{Markdown}; charset=utf-8" }
            : Envelope.Ok("Card provided", card);
    }

    /// <summary>The card of a reference.</summary>
    /// <exception cref="NotFoundException">There is no such model or version.</exception>
    internal async Task<CardAnswer> CardAsync(string reference, CancellationToken cancellationToken)
    {
        var (model, version) = await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken);
        var found = $"{model.Name}:{version.Version}";
        return new CardAnswer
        {
            Reference = found,
            Description = model.Description,
            Owner = model.Owner,
            Tags = model.Tags,
            Aliases =
            [
                .. model.ServedVersion == version.Version ? [ModelName.Default] : Array.Empty<string>(),
                .. model.Aliases.Where(alias => alias.Value == version.Version && alias.Key != ModelName.Default).Select(alias => alias.Key).Order(StringComparer.Ordinal),
            ],
            Version = ModelAnswers.Of(version),
            PublishedBy = model.Audit.FirstOrDefault(change => change.What == "publish" && change.To == version.Version)?.Who,
            JobInputs = await InputsAsync(version.Job, cancellationToken),
            Example = await ExampleAsync(found, new ResolvedModel(model, version), cancellationToken),
            Settings = ModelAnswers.Of(model).Settings,
            Limits = new CardLimits { BodyBytes = bodies.PredictionBytes, TensorBytes = limits.TensorBytes, OutputBytes = limits.OutputBytes, RunSeconds = limits.RunSeconds },
        };
    }

    private async Task<CardExample?> ExampleAsync(string reference, ResolvedModel model, CancellationToken cancellationToken)
    {
        if (!model.Version.IsServable)
            return null;
        var recorded = await samples.ReadAsync(model.Version.Files, cancellationToken);
        return (recorded is [var first, ..] ? first.Values : ModelDocument.Example(model)) is { } values
            ? new CardExample { Method = HttpMethods.Post, Path = $"/api/v1/models/{reference}/prediction", Body = JsonSerializer.SerializeToElement(new JsonObject { ["values"] = values.DeepClone() }) }
            : null;
    }

    private async Task<IReadOnlyList<JobInputDetails>> InputsAsync(string? job, CancellationToken cancellationToken)
    {
        if (job is null)
            return [];
        try
        {
            return JobAnswers.Short(await jobs.GetAsync(job, cancellationToken)).Inputs;
        }
        catch (NotFoundException)
        {
            // Jobs can be deleted; what they made stays.
            return [];
        }
    }

    private static bool PrefersMarkdown(HttpRequest request)
    {
        var wanted = request.GetTypedHeaders().Accept.Where(type => type.Quality is not 0);
        return wanted.OrderByDescending(type => type.Quality ?? 1).FirstOrDefault(type => type.MediaType.Equals(Markdown, StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
            ?.MediaType.Equals(Markdown, StringComparison.OrdinalIgnoreCase) == true;
    }
}
