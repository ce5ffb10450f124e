using System.Runtime.CompilerServices;
using Larder.Registry.Errors;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Registry.Text;
using Larder.Registry.Uploads;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;

namespace Larder.Tracking.Artifacts;

/// <summary>The files of runs and of logged models, which own them: bytes in the artifact store, under their SHA-256, and a document for each path that names them.</summary>
/// <param name="documents">The documents.</param>
/// <param name="artifacts">The bytes.</param>
/// <param name="runs">The runs.</param>
/// <param name="models">The logged models.</param>
/// <param name="staging">Where bytes wait until their hash is known.</param>
/// <param name="uploads">Uploads in parts.</param>
/// <param name="publishing">How large a file may be: as a model.</param>
/// <param name="time">The clock.</param>
public sealed class RunArtifacts(
    IDocumentStore documents,
    IArtifactStore artifacts,
    RunStore runs,
    LoggedModelStore models,
    StagingArea staging,
    PartUploads uploads,
    PublishingOptions publishing,
    TimeProvider time) : IArtifactUser
{
    /// <summary>The most entries of a page.</summary>
    public const int PageItems = 5000;

    private readonly ArtifactTree _tree = new(documents);

    /// <summary>A page of the files and folders that are in a folder: in the order of their names, as the store has it. There are none in a folder that does not exist, and in a file.</summary>
    /// <param name="owner">The run or logged model, deleted or not.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="limit">The most entries of the page.</param>
    /// <param name="token">From the page before; null for the first page.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such run or logged model.</exception>
    /// <exception cref="InvalidRequestException">The token is none that an earlier page gave.</exception>
    public async Task<Page<RunArtifact>> ListAsync(string owner, ArtifactPath folder, int limit = PageItems, string? token = null, CancellationToken cancellationToken = default)
    {
        await RequireAsync(owner, cancellationToken);
        return await _tree.ListAsync(owner, folder, limit, token, cancellationToken);
    }

    /// <summary>All files below a folder, those in its folders too.</summary>
    /// <exception cref="NotFoundException">There is no such run or logged model.</exception>
    public async IAsyncEnumerable<RunArtifact> FilesAsync(string owner, ArtifactPath folder, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await RequireAsync(owner, cancellationToken);
        await foreach (var file in _tree.FilesAsync(owner, folder, cancellationToken))
            yield return file;
    }

    /// <summary>A file or folder of a run or logged model, deleted or not; null when there is none, and for the root, which always is.</summary>
    /// <exception cref="NotFoundException">There is no such run or logged model.</exception>
    public async Task<RunArtifact?> FindAsync(string owner, ArtifactPath path, CancellationToken cancellationToken = default)
    {
        await RequireAsync(owner, cancellationToken);
        return await _tree.FindAsync(owner, path, cancellationToken);
    }

    /// <summary>Opens a file, or a range of it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">First byte; less than the size, unless both are 0.</param>
    /// <param name="length">How many bytes; null for the rest.</param>
    /// <param name="cancellationToken">Cancels the opening, not the stream.</param>
    /// <returns>A stream to read once and dispose of.</returns>
    public async Task<Stream> OpenAsync(RunArtifact file, long offset = 0, long? length = null, CancellationToken cancellationToken = default) =>
        await artifacts.OpenReadAsync(file.Sha256 ?? throw new ArgumentException("A folder has no bytes.", nameof(file)), offset, length, cancellationToken)
            ?? throw new StorageUnavailableException($"The artifact {Quoted.Text(file.Path.ToString())} is missing in storage.");

    /// <summary>Logs a file, in the place of the one that is there. When it returns, the file is stored.</summary>
    /// <param name="owner">The run or logged model.</param>
    /// <param name="path">Its path.</param>
    /// <param name="content">Its bytes; read only when the file can be logged.</param>
    /// <param name="contentLength">How many there are, where that is known.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such run or logged model.</exception>
    /// <exception cref="ForbiddenException">It is a job's, and not the job changes it.</exception>
    /// <exception cref="InvalidRequestException">It is deleted, or there cannot be a file at the path.</exception>
    /// <exception cref="TooLargeException">It is larger than it may be.</exception>
    public async Task<RunArtifact> PutAsync(RunKey owner, ArtifactPath path, Stream content, long? contentLength = null, CancellationToken cancellationToken = default)
    {
        await RequireFreeAsync(owner, path, cancellationToken);
        await using var staged = await staging.AddAsync(content, "artifact", publishing.ModelBytes, contentLength, cancellationToken);
        await artifacts.PutAsync(staged.Path, staged.Sha256, cancellationToken);
        return await WriteAsync(owner.Id, path, staged.Sha256, staged.SizeBytes, cancellationToken);
    }

    /// <summary>Begins to log a file in parts, which go straight to storage.</summary>
    /// <param name="owner">The run or logged model.</param>
    /// <param name="path">The file's path.</param>
    /// <param name="parts">How many parts there will be.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The upload's id, and the URL of each part; null when this server can sign no URLs.</returns>
    /// <exception cref="NotFoundException">There is no such run or logged model.</exception>
    /// <exception cref="ForbiddenException">It is a job's, and not the job changes it.</exception>
    /// <exception cref="InvalidRequestException">It is deleted, there cannot be a file at the path, or not so many parts.</exception>
    public async Task<(string Id, IReadOnlyList<Uri> Parts)?> BeginUploadAsync(RunKey owner, ArtifactPath path, long parts, CancellationToken cancellationToken = default)
    {
        RequireParts(parts);
        await RequireFreeAsync(owner, path, cancellationToken);
        return await uploads.CreateAsync(PurposeOf(owner.Id, path), (int)parts, cancellationToken);
    }

    /// <summary>Logs a file whose parts are in storage, in the place of the one that is there. Doing so again changes nothing.</summary>
    /// <inheritdoc cref="BeginUploadAsync"/>
    public async Task CompleteUploadAsync(RunKey owner, ArtifactPath path, string upload, long parts, CancellationToken cancellationToken = default)
    {
        RequireParts(parts);
        await RequireFreeAsync(owner, path, cancellationToken);
        await uploads.CompleteAsync(
            upload, PurposeOf(owner.Id, path), (int)parts, publishing.ModelBytes, (sha256, size) => WriteAsync(owner.Id, path, sha256, size, cancellationToken), cancellationToken);
    }

    /// <summary>Ends an upload in parts without logging anything.</summary>
    /// <exception cref="NotFoundException">There is no such run or logged model, or no such upload.</exception>
    public async Task AbortUploadAsync(RunKey owner, ArtifactPath path, string upload, CancellationToken cancellationToken = default)
    {
        await RequireOwnerAsync(owner, cancellationToken);
        await uploads.AbortAsync(upload, PurposeOf(owner.Id, path), cancellationToken);
    }

    /// <summary>Deletes a file, or a folder with all that is below it; the root is left empty.</summary>
    /// <returns>Whether there was anything.</returns>
    /// <exception cref="NotFoundException">There is no such run or logged model.</exception>
    /// <exception cref="ForbiddenException">It is a job's, and not the job changes it.</exception>
    /// <exception cref="InvalidRequestException">It is deleted: what can be restored is restored with its artifacts.</exception>
    public async Task<bool> DeleteAsync(RunKey owner, ArtifactPath path, CancellationToken cancellationToken = default)
    {
        await RequireActiveAsync(owner, cancellationToken);
        return await _tree.DeleteAsync(owner.Id, path, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> UsedArtifactsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var document in _tree.ScanAsync(cancellationToken))
        {
            if (document.Value.Sha256 is { } sha256)
                yield return sha256;
        }
    }

    private static string PurposeOf(string owner, ArtifactPath path) => $"{owner}/{path}";

    private static void RequireParts(long parts)
    {
        if (parts is < 1 or > PartUploads.MaxParts)
            throw new InvalidRequestException($"An upload has 1 to {PartUploads.MaxParts} parts; this one has {parts}.");
    }

    private async Task RequireFreeAsync(RunKey owner, ArtifactPath path, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
            throw new InvalidRequestException("Invalid path: a file needs a name.");
        await RequireActiveAsync(owner, cancellationToken);
        await _tree.RequireFreeAsync(owner.Id, path, cancellationToken);
    }

    private async Task RequireActiveAsync(RunKey owner, CancellationToken cancellationToken)
    {
        if (!await RequireOwnerAsync(owner, cancellationToken))
            throw LoggedModelId.Is(owner.Id) ? LoggedModelStore.Deleted(owner.Id) : RunStore.WrongState(owner.Id, "active", "deleted");
    }

    // Whether it is active.
    private async Task<bool> RequireOwnerAsync(RunKey owner, CancellationToken cancellationToken)
    {
        if (LoggedModelId.Is(owner.Id))
        {
            var model = await models.FindAsync(owner.Id, cancellationToken);
            owner.RequireOwner(model);
            return model.IsActive;
        }
        var run = await runs.GetAsync(owner.Id, cancellationToken);
        owner.RequireOwner(run);
        return run.IsActive;
    }

    private Task RequireAsync(string owner, CancellationToken cancellationToken) =>
        LoggedModelId.Is(owner) ? models.FindAsync(owner, cancellationToken) : runs.GetAsync(owner, cancellationToken);

    // The bytes are stored, or touched, before a document names them, so a garbage collection leaves them.
    private async Task<RunArtifact> WriteAsync(string owner, ArtifactPath path, string sha256, long sizeBytes, CancellationToken cancellationToken)
    {
        var document = new ArtifactDocument(sha256, sizeBytes, time.GetUtcNow());
        await _tree.WriteAsync(owner, path, document, cancellationToken);
        return document.At(path);
    }
}
