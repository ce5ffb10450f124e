using Larder.Inference;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Validation;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Larder.Registry.Storage;
using Microsoft.Extensions.Logging;

namespace Larder.Registry.Publishing;

/// <summary>
/// Publishes a file as a version of a model, in four steps: it is staged on local disk (<see cref="StageAsync"/>), validated, stored as an artifact
/// (<see cref="PrepareAsync"/>), and gets a number that is committed (<see cref="VersionPublisher.PublishAsync"/>). Readers see the whole version or nothing,
/// whatever fails and whenever the process crashes.
/// </summary>
/// <param name="registry">Where the version is added.</param>
/// <param name="artifacts">Where the file is stored.</param>
/// <param name="validate">Validates the file.</param>
/// <param name="adopt">Takes the local file over once it is stored.</param>
/// <param name="staging">Where uploads are staged.</param>
/// <param name="options">Limits.</param>
/// <param name="logger">Gets what does not concern the caller: an artifact that could not be kept for serving.</param>
/// <param name="samples">Compares a version that comes with samples with them; null compares nothing.</param>
public sealed partial class ModelPublisher(
    ModelRegistry registry,
    IArtifactStore artifacts,
    ValidateModel validate,
    AdoptArtifact adopt,
    StagingArea staging,
    PublishingOptions options,
    ILogger<ModelPublisher> logger,
    SampleGate? samples = null)
{
    /// <summary>Writes an upload to local disk, hashing and counting it; for callers that read the rest of the request only after the file.</summary>
    /// <param name="content">The model's bytes.</param>
    /// <param name="contentLength">How many there will be, where that is known.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>What <see cref="PublishAsync(ModelName, StagedFile, PublishRequest, CancellationToken)"/> takes; dispose of it in any case.</returns>
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

    /// <summary>Publishes an upload: <see cref="StageAsync"/>, then <see cref="PublishAsync(ModelName, StagedFile, PublishRequest, CancellationToken)"/>.</summary>
    /// <param name="name">The model; it is created with its first version.</param>
    /// <param name="content">The model's bytes.</param>
    /// <param name="request">What comes with them.</param>
    /// <param name="contentLength">How many bytes there will be, where that is known.</param>
    /// <param name="cancellationToken">Cancels the operation; once it is validated and stored, the version is published all the same.</param>
    /// <returns>The model and its new version.</returns>
    /// <exception cref="TooLargeException">There are more bytes than allowed, or more than there is room for.</exception>
    /// <exception cref="InvalidRequestException">The name, or something in the request, is not allowed.</exception>
    /// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
    public async Task<ResolvedModel> PublishAsync(
        ModelName name, Stream content, PublishRequest request, long? contentLength = null, CancellationToken cancellationToken = default)
    {
        request.Validate();
        await using var staged = await StageAsync(content, contentLength, cancellationToken);
        return await PublishStagedAsync(name, staged, request, cancellationToken);
    }

    /// <summary>Publishes a staged file: validates it, stores it as an artifact and makes it the model's next version.</summary>
    /// <inheritdoc cref="PublishAsync(ModelName, Stream, PublishRequest, long?, CancellationToken)"/>
    /// <exception cref="ConflictException">The version of this <see cref="PublishRequest.IdempotencyKey"/> was deleted.</exception>
    /// <param name="name">The model; it is created with its first version.</param>
    /// <param name="staged">The model's bytes.</param>
    /// <param name="request">What comes with them.</param>
    /// <param name="cancellationToken">Cancels the operation; once it is validated and stored, the version is published all the same.</param>
    public Task<ResolvedModel> PublishAsync(
        ModelName name, StagedFile staged, PublishRequest request, CancellationToken cancellationToken = default)
    {
        request.Validate();
        return PublishStagedAsync(name, staged, request, cancellationToken);
    }

    /// <summary>Validates and stores a model, without making it a version: the part of publishing that takes long and may be repeated.</summary>
    /// <param name="staged">The model's bytes.</param>
    /// <param name="caller">Whose model it is: validations are queued by caller.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <param name="request">What will come with it, where that is known: what does not fit the model is refused before anything is stored.</param>
    /// <returns>What <see cref="PublishAsync(ModelName, ValidatedArtifact, PublishRequest, CancellationToken)"/> takes, within the grace period of the garbage collector.</returns>
    /// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
    /// <exception cref="InvalidRequestException">Something in the request is not allowed, or does not fit the model.</exception>
    public Task<ValidatedArtifact> PrepareAsync(StagedFile staged, string caller, PublishRequest? request = null, CancellationToken cancellationToken = default)
    {
        request?.Validate();
        return ValidateAndStoreAsync(staged, caller, request, cancellationToken);
    }

    /// <summary>Publishes a model that is validated and stored.</summary>
    /// <inheritdoc cref="PublishAsync(ModelName, Stream, PublishRequest, long?, CancellationToken)"/>
    /// <param name="name">The model; it is created with its first version.</param>
    /// <param name="prepared">The model's file, stored.</param>
    /// <param name="request">What comes with it.</param>
    /// <param name="cancellationToken">Checked once, before the first write.</param>
    public Task<ResolvedModel> PublishAsync(
        ModelName name, ValidatedArtifact prepared, PublishRequest request, CancellationToken cancellationToken = default)
    {
        request.Validate();
        request.CheckFits(prepared.Description);
        return PublishPreparedAsync(name, prepared, request, cancellationToken);
    }

    internal int DeleteStagedOlderThan(DateTimeOffset time) => staging.DeleteOlderThan(time);

    private async Task<ResolvedModel> PublishStagedAsync(ModelName name, StagedFile staged, PublishRequest request, CancellationToken cancellationToken)
    {
        if (request.IdempotencyKey is { } key && await registry.FindByKeyAsync(name, key, request.Fingerprint, cancellationToken) is { } published)
            return published;
        var prepared = await ValidateAndStoreAsync(staged, request.Actor ?? "", request, cancellationToken);
        return await PublishPreparedAsync(name, prepared, request, cancellationToken);
    }

    private async Task<ValidatedArtifact> ValidateAndStoreAsync(StagedFile staged, string caller, PublishRequest? request, CancellationToken cancellationToken)
    {
        var description = await validate(staged, caller, cancellationToken);
        request?.CheckFits(description);

        // Before a version names it, and touched if it was stored already: the garbage collector deletes only artifacts that are old and that no version names.
        foreach (var (path, sha256) in staged.Artifacts)
            await artifacts.PutAsync(path, sha256, cancellationToken);
        await AdoptAsync(staged);
        return new ValidatedArtifact(staged.Sha256, staged.SizeBytes, description) { Files = staged.Files };
    }

    private async Task<ResolvedModel> PublishPreparedAsync(ModelName name, ValidatedArtifact prepared, PublishRequest request, CancellationToken cancellationToken)
    {
        if (samples is not null)
            request = await CheckSamplesAsync(name, prepared, request, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();

        // A few small writes, which a caller that disconnects must not leave half done.
        return await registry.PublishAsync(new NewVersion(name, prepared, request), CancellationToken.None);
    }

    // Before the version has a number, since nothing is to be left of one that is refused.
    private async Task<PublishRequest> CheckSamplesAsync(ModelName name, ValidatedArtifact prepared, PublishRequest request, CancellationToken cancellationToken)
    {
        var golden = request.Samples ?? await samples!.Store.ReadAsync(request.Files ?? [], cancellationToken);
        if (golden.Count == 0)
            return request;
        var model = await registry.Store.FindAsync(name, cancellationToken) is { Value: { Deleted: false } found } ? found : null;
        var settings = request.Settings ?? model?.Settings ?? new();
        var check = await samples!.CheckAsync(
            new ServableModel(name, "", prepared.Sha256, prepared.SizeBytes, prepared.Description, settings) { Files = prepared.Files },
            request.Features ?? MetadataNames.FeaturesOf(prepared.Description),
            golden,
            request.SampleTolerance ?? new(),
            request.Actor ?? "",
            cancellationToken);
        var isServed = request.Kind == ModelVersion.ModelKind && model?.DefaultVersion is null;
        if (check.Difference is not null && isServed && !request.Force)
            throw new InvalidRequestException($"The model does not give the outputs of its samples, and would become the default of {name}. {check.Difference} Correct the model or the samples, or force the upload.");
        var files = request.Samples is null ? [] : await samples.Store.StoreAsync(golden, cancellationToken);
        return request with { SampleCheck = check, Files = [.. request.Files ?? [], .. files] };
    }

    private async Task AdoptAsync(StagedFile staged)
    {
        try
        {
            await adopt(staged.Root, staged.Sha256, CancellationToken.None);
        }
        catch (Exception e)
        {
            // The first prediction downloads the artifact instead.
            LogNotAdopted(e, staged.Sha256);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The artifact {Sha256} was stored, but could not be kept for serving.")]
    private partial void LogNotAdopted(Exception exception, string sha256);
}

/// <summary>Validates a file and describes the model in it. In production <see cref="ModelValidator"/>; tests replace it, since it starts a sandbox process.</summary>
/// <param name="file">The file, with the others in which the model keeps tensors.</param>
/// <param name="caller">Whose file it is: validations are queued by caller.</param>
/// <param name="cancellationToken">Cancels the operation.</param>
/// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
public delegate Task<ModelDescription> ValidateModel(StagedFile file, string caller, CancellationToken cancellationToken);

/// <summary>Takes a published file over, so that serving it needs no download. It may move the file away.</summary>
/// <param name="path">The local file, or the folder of a model of several files.</param>
/// <param name="sha256">SHA-256 of its bytes, or of its manifest.</param>
/// <param name="cancellationToken">Cancels the operation.</param>
public delegate Task AdoptArtifact(string path, string sha256, CancellationToken cancellationToken);

/// <summary>A model that is validated and stored, and not a version yet.</summary>
/// <param name="Sha256">SHA-256 of its bytes, or of its manifest, 64 lower-case hexadecimal digits.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="Description">What validation found out about it.</param>
public sealed record ValidatedArtifact(string Sha256, long SizeBytes, ModelDescription Description)
{
    /// <summary>The manifest of a model of several files; empty for one of one file.</summary>
    public IReadOnlyList<ModelFile> Files { get; init; } = [];
}
