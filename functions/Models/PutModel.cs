using System.ComponentModel;
using System.Text;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Samples;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Models;

/// <summary>Uploads: each makes a new version.</summary>
public sealed class PutModel(ModelPublisher publisher, RequestTimeoutOptions limits, SampleLimits sampleLimits)
{
    /// <summary>The field, and the tag, of what the model was made with: MLBuffet's, such as <c>onnxruntime==1.10.0</c>.</summary>
    internal const string LibraryVersion = "library_version";

    private const string SampleInputs = "sample_inputs";
    private const string SampleOutputs = "sample_outputs";
    private const string Tolerance = "sample_tolerance";
    private const string Force = "force";

    // Longest text, in bytes; what of it is too long says the registry.
    private const int TextBytes = 64 * 1024;

    // Longest list of names, in bytes.
    private const int ListBytes = 1 << 20;

    private readonly FormField _file = new("path") { Stage = (content, cancellationToken) => publisher.StageAsync(content, null, cancellationToken), Extension = ".onnx", MayLackExtension = true };

    private FormSpec Spec => new(
        "an upload",
        "the file itself as application/octet-stream",
        [
            _file,
            .. new[] { "model_description", "description", "tags", "source", LibraryVersion }.Select(name => new FormField(name) { TextBytes = TextBytes, IsJson = name == "tags" }),
            .. new[] { SampleInputs, SampleOutputs }.Select(name => new FormField(name) { TextBytes = sampleLimits.Bytes, IsJson = true }),
            new FormField(Tolerance) { TextBytes = TextBytes, IsJson = true },
            new FormField(Force) { TextBytes = TextBytes },
            .. new[] { "labels", "features" }.Select(name => new FormField(name) { TextBytes = ListBytes, IsJson = true }),
        ]);

    /// <summary>
    /// Uploads an ONNX file: multipart <c>path</c>, or the raw file. Optional fields (or, for a raw file, query parameters):
    /// <c>model_description</c> of the model; <c>description</c>, <c>source</c>, <c>tags</c> (a JSON object), <c>labels</c> and <c>features</c> (JSON lists), <c>library_version</c> (which becomes a tag), <c>sample_inputs</c>, <c>sample_outputs</c> and <c>sample_tolerance</c> of the version;
    /// <c>force</c> publishes a version that does not give the outputs of its samples.
    /// </summary>
    [Function("PutModel"), Requires(Role.Contributor), Description("Upload an ONNX file: a new version.")]
    public async Task<IActionResult> Put(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/models/{model}")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        await using var form = IsFile(request)
            ? await Form.ReadRawAsync(request, Spec, _file, (content, cancellationToken) => publisher.StageAsync(content, request.ContentLength, cancellationToken), cancellationToken)
            : await Form.ReadAsync(request, Spec, cancellationToken);
        var file = form.Require(_file.Name, $"No file path (named '{_file.Name}') specified");

        var (after, version) = await PublishAsync(name, file.Staged, RequestOf(form, file) with { Actor = request.Caller().Name }, cancellationToken);
        return new Envelope(
                StatusCodes.Status201Created,
                $"{after.Name} saved as version {version.Version}",
                new UploadedVersionAnswer { Version = ModelAnswers.Of(version), DefaultVersion = after.ServedVersion })
            .WithHeader(HeaderNames.Location, $"/api/v1/models/{after.Name}:{version.Version}")
            .WithETag(after.ETag);
    }

    private async Task<ResolvedModel> PublishAsync(ModelName model, StagedFile file, PublishRequest request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limits.RequestTimeout);
        try
        {
            return await publisher.PublishAsync(model, file, request, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpStatusException(
                ErrorKind.Unavailable,
                $"The model was not validated within {limits.RequestTimeout.TotalSeconds} seconds (Limits:RequestTimeout). Try again later, or upload it by POST /api/v1/models/{model}/uploads: a job then has the time.");
        }
    }

    // Without a media type too: a body of bytes alone is the file.
    private static bool IsFile(HttpRequest request) =>
        !MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string>? TagsOf(Form form)
    {
        var tags = form.Text("tags") is { Length: > 0 } json ? Json.Deserialize<Dictionary<string, string>>(Encoding.UTF8.GetBytes(json), "{name: text}, as tags are") : null;
        if (form.Line(LibraryVersion) is { } library && !(tags ??= []).TryAdd(LibraryVersion, library))
            throw new InvalidRequestException($"{LibraryVersion} is given as a field and as a tag; once is enough.");
        return tags;
    }

    private IReadOnlyList<GoldenSample>? SamplesOf(Form form) => (form.Text(SampleInputs), form.Text(SampleOutputs)) switch
    {
        ({ Length: > 0 } inputs, { Length: > 0 } outputs) => GoldenSamples.Read(BinaryData.FromString(inputs), BinaryData.FromString(outputs), sampleLimits),
        (null or "", null or "") => null,
        _ => throw new InvalidRequestException($"{SampleInputs} and {SampleOutputs} go together; one of them is missing."),
    };

    private static bool IsForced(Form form) => form.Text(Force) switch
    {
        null or "false" => false,
        "true" or "" => true,
        _ => throw new InvalidRequestException($"{Force} must be true or false."),
    };

    private PublishRequest RequestOf(Form form, UploadedFile file) => new()
    {
        FileName = file.FileName is { Length: > 0 } name ? name : null,
        ModelDescription = form.Text("model_description"),
        Tags = TagsOf(form),
        Labels = form.Text("labels") is { Length: > 0 } labels ? Json.Deserialize<List<string>>(Encoding.UTF8.GetBytes(labels), "[name, ...], as labels are") : null,
        Features = form.Text("features") is { Length: > 0 } features ? Json.Deserialize<List<Feature>>(Encoding.UTF8.GetBytes(features), "[name or {name: ...}, ...], as features are") : null,
        Samples = SamplesOf(form),
        SampleTolerance = form.Text(Tolerance) is { Length: > 0 } tolerance ? Json.Deserialize<SampleTolerance>(Encoding.UTF8.GetBytes(tolerance), "{atol: number, rtol: number}") : null,
        Force = IsForced(form),
        Description = form.Text("description"),
        Source = form.Text("source") is { Length: > 0 } source ? source : "upload",
    };
}
