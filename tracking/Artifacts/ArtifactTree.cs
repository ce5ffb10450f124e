using System.Runtime.CompilerServices;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Tracking.Artifacts;

/// <summary>
/// The documents of the artifacts of runs and logged models, which own them. A folder is a partition, so listing one level is one partition's page; and a document in the partition of the folder that it is in, so that listings
/// show it. A name is one document, so no file is a folder too.
/// </summary>
/// <remarks>
/// Folders come before what is in them, and go after it. Against a deletion of the folder at the same time, a file looks for its folders again after it was written, from the innermost outwards;
/// and a deletion looks again into the folder after the folder's own document is gone. So one of the two sees the other.
/// </remarks>
/// <param name="documents">The store.</param>
internal sealed class ArtifactTree(IDocumentStore documents)
{
    private const int PageSize = 1000;
    private const int ParallelDeletes = 8;

    private static readonly DocumentCollection<ArtifactDocument> Collection = TrackingCollections.Artifacts;

    private readonly DocumentUpdater<ArtifactDocument> _updater = new(documents, Collection);

    /// <summary>The run, or the logged model, of a document.</summary>
    public static string OwnerOf(Document<ArtifactDocument> document) => document.Partition.Split('/', 2)[0];

    /// <summary>A file or folder; null when there is none, and for the root.</summary>
    public async Task<RunArtifact?> FindAsync(string owner, ArtifactPath path, CancellationToken cancellationToken) =>
        path.IsRoot ? null : (await documents.GetAsync(Collection, Partition(owner, path.Folder), path.Name, cancellationToken))?.Value.At(path);

    /// <summary>A page of what is in a folder.</summary>
    public async Task<Page<RunArtifact>> ListAsync(string owner, ArtifactPath folder, int limit, string? token, CancellationToken cancellationToken)
    {
        var partition = Partition(owner, folder);
        var kind = $"artifacts:{partition}:";
        var page = await documents.ListAsync(Collection, partition, limit, token is null ? null : Cursors.Read(kind, token, position => position.Length > 0), cancellationToken);
        return new Page<RunArtifact>(
            [.. page.Documents.Select(document => document.Value.At(folder[document.Id]))], page.Continuation is { } next ? Cursors.Write(kind, next) : null);
    }

    /// <summary>All files below a folder.</summary>
    public async IAsyncEnumerable<RunArtifact> FilesAsync(string owner, ArtifactPath folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var folders = new Stack<ArtifactPath>([folder]);
        while (folders.TryPop(out var next))
        {
            string? token = null;
            do
            {
                var page = await ListAsync(owner, next, PageSize, token, cancellationToken);
                foreach (var found in page.Items)
                {
                    if (found.IsFolder)
                        folders.Push(found.Path);
                    else
                        yield return found;
                }
                token = page.Cursor;
            }
            while (token is not null);
        }
    }

    /// <summary>Refuses a path at which there cannot be a file: it is a folder, or a file is where it has a folder.</summary>
    /// <exception cref="InvalidRequestException">There cannot be one.</exception>
    public async Task RequireFreeAsync(string owner, ArtifactPath path, CancellationToken cancellationToken)
    {
        if (await FindAsync(owner, path, cancellationToken) is { IsFolder: true })
            throw IsFolder(path);
        for (var folder = path.Folder; !folder.IsRoot; folder = folder.Folder)
        {
            if (await FindAsync(owner, folder, cancellationToken) is { IsFolder: false })
                throw IsFile(folder);
        }
    }

    /// <summary>Writes a file in the place of the one that is there.</summary>
    /// <exception cref="InvalidRequestException">There cannot be one.</exception>
    public async Task WriteAsync(string owner, ArtifactPath path, ArtifactDocument file, CancellationToken cancellationToken)
    {
        var folders = new List<ArtifactPath>();
        for (var folder = path.Folder; !folder.IsRoot; folder = folder.Folder)
            folders.Add(folder);
        foreach (var folder in folders.AsEnumerable().Reverse())
            await RequireFolderAsync(owner, folder, file.Time, cancellationToken);
        await _updater.UpdateAsync(
            Partition(owner, path.Folder), path.Name, "the artifact", read => read?.Value is { Sha256: null } ? throw IsFolder(path) : file, cancellationToken);
        foreach (var folder in folders)
            await RequireFolderAsync(owner, folder, file.Time, cancellationToken);
    }

    /// <summary>Deletes a file, or a folder with all that is below it; the root has no document of its own.</summary>
    /// <returns>Whether there was anything.</returns>
    public async Task<bool> DeleteAsync(string owner, ArtifactPath path, CancellationToken cancellationToken)
    {
        var found = false;
        while (true)
        {
            // What is at the path can be a file now, and a folder when it is looked at again.
            var below = await DeleteBelowAsync(owner, path, cancellationToken);
            var self = !path.IsRoot && await DeleteDocumentAsync(Partition(owner, path.Folder), path.Name, cancellationToken);
            if (!below && !self)
                return found;
            found = true;
        }
    }

    /// <summary>All documents; in the order of their owners.</summary>
    public IAsyncEnumerable<Document<ArtifactDocument>> ScanAsync(CancellationToken cancellationToken) => documents.ScanAllAsync(Collection, PageSize, cancellationToken);

    /// <summary>Deletes a document that a scan found, as it was found.</summary>
    public Task<bool> TryDeleteAsync(Document<ArtifactDocument> found, CancellationToken cancellationToken) => documents.TryDeleteAsync(Collection, found, cancellationToken);

    private async Task<bool> DeleteBelowAsync(string owner, ArtifactPath folder, CancellationToken cancellationToken)
    {
        var any = false;
        while (true)
        {
            var page = await documents.ListAsync(Collection, Partition(owner, folder), PageSize, cancellationToken: cancellationToken);
            if (page.Documents.Count == 0 && page.Continuation is null)
                return any;
            any = true;
            foreach (var below in page.Documents.Where(document => document.Value.Sha256 is null))
                await DeleteAsync(owner, folder[below.Id], cancellationToken);
            await Parallel.ForEachAsync(
                page.Documents.Where(document => document.Value.Sha256 is not null),
                new ParallelOptions { MaxDegreeOfParallelism = ParallelDeletes, CancellationToken = cancellationToken },
                async (file, stop) => await documents.TryDeleteAsync(Collection, file, stop));
        }
    }

    private async Task<bool> DeleteDocumentAsync(string partition, string id, CancellationToken cancellationToken)
    {
        var backoff = new Backoff("the artifact");
        while (await documents.GetAsync(Collection, partition, id, cancellationToken) is { } read)
        {
            if (await documents.TryDeleteAsync(Collection, read, cancellationToken))
                return true;
            await backoff.NextAsync(cancellationToken);
        }
        return false;
    }

    private Task RequireFolderAsync(string owner, ArtifactPath folder, DateTimeOffset time, CancellationToken cancellationToken) => _updater.UpdateAsync(
        Partition(owner, folder.Folder),
        folder.Name,
        "the folder",
        read => read is null ? new ArtifactDocument(null, 0, time) : read.Value.Sha256 is null ? read.Value : throw IsFile(folder),
        cancellationToken);

    // The folder's hash, since a key is too short for a path.
    private static string Partition(string owner, ArtifactPath folder) => folder.IsRoot ? owner : $"{owner}/{TextHash.Of(folder.ToString())}";

    private static InvalidRequestException IsFolder(ArtifactPath path) =>
        new($"Invalid path {Quoted.Text(path.ToString())}: it is a folder. Log the file under another name, or delete the folder first.");

    private static InvalidRequestException IsFile(ArtifactPath path) =>
        new($"Invalid path: {Quoted.Text(path.ToString())} is a file, so nothing can be below it. Log under another name, or delete the file first.");
}
