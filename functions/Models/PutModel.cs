using System.ComponentModel;
using System.Text;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Orchestrations.Ingestion;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Samples;
using Larder.Registry.Storage;
using Larder.Registry.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Models;

/// <summary>Uploads: each makes a new version.</summary>
public sealed class PutModel(ModelPublisher publisher, ModelRegistry registry, ArchiveOpener opener, RequestTimeoutOptions limits, SampleLimits sampleLimits)
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

    private static readonly FormField File = new("path", "The ONNX file, or an archive with one.")
    {
        IsFile = true,
        IsRequired = true,
        Extension = ".onnx",
        OtherExtensions = IngestedBlob.ArchiveExtensions,
        MayLackExtension = true,
    };

    /// <summary>The form of an upload.</summary>
    internal static readonly FormSpec Spec = new(
        "an upload",
        "the file itself as application/octet-stream",
        [
            File,
            new("model_description", "Description of the model.") { TextBytes = TextBytes },
            new("description", "Description of the version.") { TextBytes = TextBytes },
            new("tags", "Tags of the version: a JSON object of texts.") { TextBytes = TextBytes, IsJson = true },
            new("source", "Where the version comes from.") { TextBytes = TextBytes },
            new("alias", "An alias that is moved to the version.") { TextBytes = TextBytes },
            new("aliases", "Aliases that are moved to the version: a JSON list.") { TextBytes = TextBytes, IsJson = true },
            new("sha256", "The SHA-256 that the file must have.") { TextBytes = TextBytes },
            new(LibraryVersion, "What the model was made with, such as onnxruntime==1.10.0; becomes a tag.") { TextBytes = TextBytes },
            // Their limit is a setting.
            new(SampleInputs, "Bodies of predictions, as a JSON list.") { TextBytes = TextBytes, IsJson = true },
            new(SampleOutputs, "The answers that are expected for them, as a JSON list.") { TextBytes = TextBytes, IsJson = true },
            new(Tolerance, "How far outputs may be from those of the samples: a JSON object with atol and rtol.") { TextBytes = TextBytes, IsJson = true },
            new(Force, "true publishes a version that does not give the outputs of its samples.") { TextBytes = TextBytes },
            new("labels", "Names of the classes: a JSON list.") { TextBytes = ListBytes, IsJson = true },
            new("features", "The columns of the only input: a JSON list of names or objects.") { TextBytes = ListBytes, IsJson = true },
        ])
    {
        Raw = new FileBody("application/octet-stream", "application/zip", "application/x-zip-compressed", "application/gzip", "application/x-gzip"),
    };

    private readonly FormSpec _spec = Spec with
    {
        Fields = [.. Spec.Fields.Select(field => field.Name is SampleInputs or SampleOutputs ? field with { TextBytes = sampleLimits.Bytes } : field)],
    };

    /// <summary>
    /// Uploads an ONNX file, or an archive as those that are dropped: multipart <c>path</c>, or the raw file. Optional fields (or, for a raw file, query parameters):
    /// <c>model_description</c> of the model; <c>description</c>, <c>source</c>, <c>tags</c> (a JSON object), <c>labels</c> and <c>features</c> (JSON lists), <c>library_version</c> (which becomes a tag), <c>sample_inputs</c>, <c>sample_outputs</c> and <c>sample_tolerance</c> of the version;
    /// <c>alias</c>, or <c>aliases</c> (a JSON list), which are moved to it; <c>sha256</c>, which the file must have. <c>force</c> publishes a version that does not give the outputs of its samples. Repeated with the same <c>Idempotency-Key</c>, it makes no second version.
    /// </summary>
    [Function("PutModel"), Requires(Role.Contributor), Description("Upload an ONNX file, or an archive with one: a new version.")]
    [Takes(nameof(Spec)), TakesHeaders(IdempotencyKey.Header), Answers(typeof(UploadedVersionAnswer), StatusCodes.Status201Created)]
    public async Task<IActionResult> Put(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/models/{model}")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var key = IdempotencyKey.Of(request);
        await using var form = IsFile(request)
            ? await Form.ReadRawAsync(request, _spec, File, (_, content, cancellationToken) => publisher.StageAsync(content, request.ContentLength, cancellationToken), cancellationToken)
            : await Form.ReadAsync(request, _spec, (_, content, cancellationToken) => StageAsync(content, cancellationToken), cancellationToken);
        var ((after, version), note) = await TakeAsync(name, form, key, request.Caller().Name, cancellationToken);
        return new Envelope(
                StatusCodes.Status201Created,
                $"{after.Name} saved as version {version.Version}",
                new UploadedVersionAnswer { Version = ModelAnswers.Of(version), DefaultVersion = after.ServedVersion, Note = note })
            .WithLocation($"/api/v1/models/{after.Name}:{version.Version}")
            .WithETag(after.ETag);
    }

    /// <summary>Publishes the file of a form.</summary>
    /// <param name="name">The model.</param>
    /// <param name="form">With the fields of <see cref="Spec"/>.</param>
    /// <param name="key">The idempotency key; null for none.</param>
    /// <param name="actor">Who sends it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal async Task<(ResolvedModel Published, string? Note)> TakeAsync(ModelName name, Form form, string? key, string actor, CancellationToken cancellationToken)
    {
        var file = form.Require(File.Name, $"No file path (named '{File.Name}') specified");
        if (form.Line("sha256") is { } expected && !expected.Equals(file.Staged.Sha256, StringComparison.OrdinalIgnoreCase))
            throw new InvalidRequestException($"The file that came has the SHA-256 {file.Staged.Sha256}, and not {Quoted.Text(expected)}: send it again, or send the right sha256.");
        var arrival = ArrivalOf(form, file);
        if (key is not null)
            arrival = arrival with { Once = $"put:{TextHash.Of(key)}", Fingerprint = TextHash.Of($"{file.Staged.Sha256} {JsonSerializer.Serialize(arrival, RegistryJson.Options)}") };
        return await WithinAsync(name, stop => PublishAsync(name, file, arrival, actor, stop), cancellationToken);
    }

    /// <summary>Keeps the bytes of a model that arrives.</summary>
    internal Task<StagedFile> StageAsync(Stream content, CancellationToken cancellationToken) => publisher.StageAsync(content, null, cancellationToken);

    private async Task<(ResolvedModel Published, string? Note)> PublishAsync(ModelName model, UploadedFile file, IngestionManifest arrival, string actor, CancellationToken cancellationToken)
    {
        arrival.Validate(job: null, actor);
        await using var archive = ArchiveOpener.IsArchive(file.FileName, file.Staged.Path) ? await opener.OpenAsync(model, file.Staged.Path, cancellationToken) : null;
        if (archive is not null)
        {
            arrival = arrival.With(archive);
            arrival.Validate(job: null, actor);
        }

        // An attempt that ended before its aliases moved is completed; aliases that went on to later versions stay there.
        if (arrival.Once is { } once && await registry.FindByKeyAsync(model, once, arrival.Fingerprint, cancellationToken) is { } published)
            return await MoveAliasesAsync(published, arrival with { Aliases = [.. arrival.Aliases.Where(alias => published.Model.Target(alias) is not { } target || target < published.Version.Version)] }, actor);

        var prepared = await publisher.PrepareAsync(archive?.Model ?? file.Staged, actor, arrival.RequestOf(job: null, actor), cancellationToken);
        if (archive is not null)
            arrival = arrival with { Files = await opener.StoreFilesAsync(archive, cancellationToken) };
        return await MoveAliasesAsync(await publisher.PublishAsync(model, prepared, arrival.RequestOf(job: null, actor), cancellationToken), arrival, actor);
    }

    // The version is there: what does not work now is told beside it.
    private async Task<(ResolvedModel Published, string? Note)> MoveAliasesAsync(ResolvedModel published, IngestionManifest arrival, string actor)
    {
        var (model, problems) = await arrival.MoveAliasesAsync(registry, published.Model, published.Version.Version, actor);
        var notes = arrival.Note is { } note ? [.. problems, note] : problems;
        return (published with { Model = model }, notes.Count == 0 ? null : string.Join(' ', notes));
    }

    /// <summary>Publishes within the time of a request.</summary>
    /// <param name="model">The model.</param>
    /// <param name="publish">What takes the time.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="HttpStatusException">It took longer.</exception>
    internal async Task<T> WithinAsync<T>(ModelName model, Func<CancellationToken, Task<T>> publish, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limits.RequestTimeout);
        try
        {
            return await publish(timeout.Token);
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
        !MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || Spec.Raw!.MediaTypes.Contains(type.MediaType.ToString(), StringComparer.OrdinalIgnoreCase);

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

    private IngestionManifest ArrivalOf(Form form, UploadedFile file) => new()
    {
        FileName = file.FileName is { Length: > 0 } name ? name : null,
        ModelDescription = form.Text("model_description"),
        Tags = TagsOf(form) ?? [],
        Aliases = [.. NamesOf(form, "aliases") ?? [], .. form.Line("alias") is { } alias ? [alias] : Array.Empty<string>()],
        Labels = NamesOf(form, "labels"),
        Features = form.Text("features") is { Length: > 0 } features ? Json.Deserialize<List<Feature>>(Encoding.UTF8.GetBytes(features), "[name or {name: ...}, ...], as features are") : null,
        Samples = SamplesOf(form),
        SampleTolerance = form.Text(Tolerance) is { Length: > 0 } tolerance ? Json.Deserialize<SampleTolerance>(Encoding.UTF8.GetBytes(tolerance), "{atol: number, rtol: number}") : null,
        Force = IsForced(form),
        Description = form.Text("description"),
        Source = form.Text("source") is { Length: > 0 } source ? source : IngestionManifest.Upload,
    };

    private static List<string>? NamesOf(Form form, string field) =>
        form.Text(field) is { Length: > 0 } names ? Json.Deserialize<List<string>>(Encoding.UTF8.GetBytes(names), $"[name, ...], as {field} are") : null;
}
