using Larder.Inference;
using Microsoft.Extensions.Logging;

namespace Larder.Registry;

/// <summary>
/// Makes a file a version of a model: staged, validated, stored, counted, in this order. Whatever fails, or whenever the process dies, readers see the
/// whole version or nothing.
/// </summary>
/// <param name="registry">Counts the version.</param>
/// <param name="artifacts">Stores the file.</param>
/// <param name="validate">Looks into it.</param>
/// <param name="adopt">Takes the local file over once it is published.</param>
/// <param name="options">Limits and places.</param>
/// <param name="log">For what the caller need not know.</param>
public sealed partial class ModelPublisher(
    ModelRegistry registry,
    IArtifactStore artifacts,
    ValidateModel validate,
    AdoptArtifact adopt,
    PublishingOptions options,
    ILogger<ModelPublisher> log)
{
    private readonly StagingArea staging = new(options);

    /// <summary>Writes an upload to local disk, hashing and counting it. For those who learn the rest of the request only after the file.</summary>
    /// <param name="content">The model's bytes.</param>
    /// <param name="contentLength">How many there will be, where that is known.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>What <see cref="PublishAsync(string, StagedModel, PublishRequest, CancellationToken)"/> takes; dispose of it in any case.</returns>
    /// <exception cref="TooLargeException">There are more than allowed, or more than there is room for.</exception>
    /// <exception cref="InvalidRequestException">There are none.</exception>
    public Task<StagedModel> StageAsync(Stream content, long? contentLength = null, CancellationToken cancellation = default) =>
        staging.AddAsync(content, contentLength, cancellation);

    /// <summary>Publishes an upload.</summary>
    /// <param name="name">The model; it comes into being with its first version.</param>
    /// <param name="content">The model's bytes.</param>
    /// <param name="request">What comes with them.</param>
    /// <param name="contentLength">How many bytes there will be, where that is known.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The model and its new version.</returns>
    /// <exception cref="TooLargeException">There are more bytes than allowed, or more than there is room for.</exception>
    /// <exception cref="InvalidRequestException">The name, or something in the request, is not allowed.</exception>
    /// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
    public async Task<ResolvedModel> PublishAsync(
        string name, Stream content, PublishRequest request, long? contentLength = null, CancellationToken cancellation = default)
    {
        ModelName.Validate(name);
        request.Validate();
        await using var staged = await StageAsync(content, contentLength, cancellation);
        return await PublishAsync(name, staged, request, cancellation);
    }

    /// <summary>Publishes what was staged.</summary>
    /// <inheritdoc cref="PublishAsync(string, Stream, PublishRequest, long?, CancellationToken)"/>
    /// <exception cref="ConflictException">The version of this <see cref="PublishRequest.Once"/> key was deleted.</exception>
    /// <param name="name">The model; it comes into being with its first version.</param>
    /// <param name="staged">The model's bytes.</param>
    /// <param name="request">What comes with them.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task<ResolvedModel> PublishAsync(
        string name, StagedModel staged, PublishRequest request, CancellationToken cancellation = default)
    {
        ModelName.Validate(name);
        request.Validate();
        if (request.Once is { } once && await registry.FindOnceAsync(name, once, cancellation) is { } there)
            return there;
        var description = await validate(staged.Path, cancellation);

        // Before the version names it, and touched if it was there: the sweeper deletes only what is old and unnamed.
        await artifacts.PutAsync(staged.Path, staged.Sha256, cancellation);
        var draft = new ModelVersion
        {
            Model = name,
            Version = 0,
            Status = ModelVersionStatus.Ready,
            Sha256 = staged.Sha256,
            SizeBytes = staged.SizeBytes,
            FileName = Texts.FileName(request.FileName),
            Description = request.Description ?? "",
            Tags = request.Tags ?? new Dictionary<string, string>(),
            Source = request.Source,
            Onnx = description,
            Kind = request.Kind,
            Job = request.Job,
            OptimizedFrom = request.OptimizedFrom,
            Metrics = request.Metrics ?? new Dictionary<string, double>(),
            Created = default,
            CreatedBy = request.Actor,
        };

        // A few small writes, not worth leaving half done because the caller hung up.
        var published = await registry.AddVersionAsync(draft, request.Once, request.Patch, CancellationToken.None);
        await AdoptAsync(staged);
        return published;
    }

    internal int DeleteStagedOlderThan(DateTimeOffset time) => staging.DeleteOlderThan(time);

    private async Task AdoptAsync(StagedModel staged)
    {
        try
        {
            await adopt(staged.Path, staged.Sha256, CancellationToken.None);
        }
        catch (Exception e)
        {
            // The version is published; the first prediction will download it.
            LogNotAdopted(e, staged.Sha256);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The artifact {Sha256} was published, but could not be kept for serving.")]
    private partial void LogNotAdopted(Exception exception, string sha256);
}
