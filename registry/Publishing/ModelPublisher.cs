using Larder.Inference;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Microsoft.Extensions.Logging;

namespace Larder.Registry.Publishing;

/// <summary>
/// Makes a file a version of a model: staged, validated, stored, counted, in this order. Whatever fails, or whenever the process dies, readers see the
/// whole version or nothing.
/// </summary>
/// <param name="registry">Counts the version.</param>
/// <param name="artifacts">Stores the file.</param>
/// <param name="validate">Looks into it.</param>
/// <param name="adopt">Takes the local file over once it is stored.</param>
/// <param name="staging">Where uploads wait.</param>
/// <param name="options">Limits.</param>
/// <param name="logger">For what the caller need not know.</param>
public sealed partial class ModelPublisher(
    ModelRegistry registry,
    IArtifactStore artifacts,
    ValidateModel validate,
    AdoptArtifact adopt,
    StagingArea staging,
    PublishingOptions options,
    ILogger<ModelPublisher> logger)
{
    /// <summary>Writes an upload to local disk, hashing and counting it. For those who learn the rest of the request only after the file.</summary>
    /// <param name="content">The model's bytes.</param>
    /// <param name="contentLength">How many there will be, where that is known.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What <see cref="PublishAsync(string, StagedFile, PublishRequest, CancellationToken)"/> takes; dispose of it in any case.</returns>
    /// <exception cref="TooLargeException">There are more than allowed, or more than there is room for.</exception>
    /// <exception cref="InvalidRequestException">There are none.</exception>
    public async Task<StagedFile> StageAsync(Stream content, long? contentLength = null, CancellationToken cancellationToken = default)
    {
        var staged = await staging.AddAsync(content, "model", options.ModelBytes, contentLength, cancellationToken);
        if (staged.SizeBytes > 0)
            return staged;
        await staged.DisposeAsync();
        throw new InvalidRequestException("The model is empty: send the bytes of an ONNX file.");
    }

    /// <summary>Publishes an upload.</summary>
    /// <param name="name">The model; it comes into being with its first version.</param>
    /// <param name="content">The model's bytes.</param>
    /// <param name="request">What comes with them.</param>
    /// <param name="contentLength">How many bytes there will be, where that is known.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The model and its new version.</returns>
    /// <exception cref="TooLargeException">There are more bytes than allowed, or more than there is room for.</exception>
    /// <exception cref="InvalidRequestException">The name, or something in the request, is not allowed.</exception>
    /// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
    public async Task<ResolvedModel> PublishAsync(
        string name, Stream content, PublishRequest request, long? contentLength = null, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        request.Validate();
        await using var staged = await StageAsync(content, contentLength, cancellationToken);
        return await PublishAsync(name, staged, request, cancellationToken);
    }

    /// <summary>Publishes what was staged.</summary>
    /// <inheritdoc cref="PublishAsync(string, Stream, PublishRequest, long?, CancellationToken)"/>
    /// <exception cref="ConflictException">The version of this <see cref="PublishRequest.IdempotencyKey"/> key was deleted.</exception>
    /// <param name="name">The model; it comes into being with its first version.</param>
    /// <param name="staged">The model's bytes.</param>
    /// <param name="request">What comes with them.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ResolvedModel> PublishAsync(
        string name, StagedFile staged, PublishRequest request, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        request.Validate();
        if (request.IdempotencyKey is { } once && await registry.FindOnceAsync(name, once, cancellationToken) is { } there)
            return there;
        return await PublishAsync(name, await PrepareAsync(staged, request.Actor ?? "", cancellationToken), request, cancellationToken);
    }

    /// <summary>Validates and stores a model, without making it a version: the part of publishing that takes long and may be done twice.</summary>
    /// <param name="staged">The model's bytes.</param>
    /// <param name="caller">Whose model it is: callers take turns.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What <see cref="PublishAsync(string, ValidatedArtifact, PublishRequest, CancellationToken)"/> takes, within the sweeper's grace period.</returns>
    /// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
    public async Task<ValidatedArtifact> PrepareAsync(StagedFile staged, string caller, CancellationToken cancellationToken = default)
    {
        var description = await validate(staged.Path, caller, cancellationToken);

        // Before the version names it, and touched if it was there: the sweeper deletes only what is old and unnamed.
        await artifacts.PutAsync(staged.Path, staged.Sha256, cancellationToken);
        await AdoptAsync(staged);
        return new ValidatedArtifact(staged.Sha256, staged.SizeBytes, description);
    }

    /// <summary>Publishes what was prepared.</summary>
    /// <inheritdoc cref="PublishAsync(string, Stream, PublishRequest, long?, CancellationToken)"/>
    /// <param name="name">The model; it comes into being with its first version.</param>
    /// <param name="prepared">The model's file, stored.</param>
    /// <param name="request">What comes with it.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<ResolvedModel> PublishAsync(
        string name, ValidatedArtifact prepared, PublishRequest request, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        request.Validate();
        cancellationToken.ThrowIfCancellationRequested();
        var draft = new ModelVersion
        {
            Model = name,
            Version = 0,
            Status = ModelVersionStatus.Ready,
            Sha256 = prepared.Sha256,
            SizeBytes = prepared.SizeBytes,
            FileName = FieldLimits.FileName(request.FileName),
            Description = request.Description ?? "",
            Tags = request.Tags ?? new Dictionary<string, string>(),
            Source = request.Source,
            Onnx = prepared.Description,
            Kind = request.Kind,
            Job = request.Job,
            OptimizedFrom = request.OptimizedFrom,
            Metrics = request.Metrics ?? new Dictionary<string, double>(),
            Labels = request.Labels ?? [],
            Files = request.Files ?? [],
            Created = default,
            CreatedBy = request.Actor,
        };

        // A few small writes, not worth leaving half done because the caller hung up.
        return registry.AddVersionAsync(draft, request.IdempotencyKey, request.Patch, CancellationToken.None);
    }

    internal int DeleteStagedOlderThan(DateTimeOffset time) => staging.DeleteOlderThan(time);

    private async Task AdoptAsync(StagedFile staged)
    {
        try
        {
            await adopt(staged.Path, staged.Sha256, CancellationToken.None);
        }
        catch (Exception e)
        {
            // Nothing is lost: the first prediction will download it.
            LogNotAdopted(e, staged.Sha256);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The artifact {Sha256} was stored, but could not be kept for serving.")]
    private partial void LogNotAdopted(Exception exception, string sha256);
}
