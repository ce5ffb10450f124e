using System.ComponentModel;
using System.Text;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>Uploads: each makes a new version.</summary>
public sealed class PutModel(ModelPublisher publisher, AnswerLimits limits)
{
    private const string FileField = "path";

    private static readonly string[] Fields = ["model_description", "description", "tags", "source"];

    /// <summary>
    /// Uploads an ONNX file: multipart <c>path</c>, or the raw file. Optional fields (or, for a raw file, query parameters):
    /// <c>model_description</c> of the model; <c>description</c>, <c>source</c> and <c>tags</c> (a JSON object) of the version.
    /// </summary>
    [Function("PutModel"), Requires(Role.Contributor), Description("Upload an ONNX file: a new version.")]
    public async Task<IActionResult> Put(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/models/{model}")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        ModelName.Validate(model);
        await using var form = await UploadForm.ReadAsync(request, FileField, publisher, cancellationToken);
        if (form.File is not { } file)
            throw new InvalidRequestException($"No file path (named '{FileField}') specified");
        if (form.FieldNames.FirstOrDefault(name => !Fields.Contains(name)) is { } unknown)
            throw new InvalidRequestException($"The field '{unknown}' is not known; an upload takes {string.Join(", ", Fields)}.");

        var (after, version) = await PublishAsync(model, file, RequestOf(form) with { Actor = request.Caller().Name }, cancellationToken);
        return new Envelope(StatusCodes.Status201Created, $"{after.Name} saved as version {version.Version}")
            .WithHeader(HeaderNames.Location, $"/api/v1/models/{after.Name}:{version.Version}")
            .WithETag(after.ETag)
            .With("version", VersionView.Of(version))
            .With("default_version", after.ServedVersion);
    }

    private async Task<ResolvedModel> PublishAsync(string model, StagedFile file, PublishRequest request, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(limits.AnswerSeconds));
        try
        {
            return await publisher.PublishAsync(model, file, request, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RefusedException(
                StatusCodes.Status503ServiceUnavailable,
                $"The model was not validated within {limits.AnswerSeconds} seconds. Try again later, or upload it by POST /api/v1/models/{model}/uploads: a job then has the time.");
        }
    }

    private static PublishRequest RequestOf(UploadForm form) => new()
    {
        FileName = form.FileName,
        ModelDescription = form["model_description"],
        Tags = form["tags"] is { Length: > 0 } tags
            ? Json.Deserialize<Dictionary<string, string>>(Encoding.UTF8.GetBytes(tags), "{name: text}, as tags are")
            : null,
        Description = form["description"],
        Source = form["source"] is { Length: > 0 } source ? source : "upload",
    };
}
