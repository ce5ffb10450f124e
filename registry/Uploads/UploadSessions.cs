using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Text;

namespace Larder.Registry.Uploads;

/// <summary>
/// Uploads past the request limit: the client writes blocks to a blob of the container <c>upload-sessions</c>, through a URL that can write this one blob
/// and nothing else, and not read it.
/// </summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
/// <param name="documents">Where sessions are kept.</param>
/// <param name="account">Where the bytes go.</param>
/// <param name="options">How long.</param>
/// <param name="time">Decides when sessions and URLs expire.</param>
public sealed class UploadSessions(IDocumentStore documents, BlobServiceClient account, UploadSessionOptions options, TimeProvider time)
{
    internal const string Container = "upload-sessions";

    private const string DocumentId = "session";
    private const int ScanPage = 500;

    private static readonly DocumentCollection<UploadSession> Sessions = RegistryJson.Collection<UploadSession>("upload-sessions");

    private readonly BlobContainerClient _container = account.GetBlobContainerClient(Container);
    private readonly UrlSigner _signer = new(account, time);

    /// <summary>Begins a session: creates its blob, then its document.</summary>
    /// <param name="model">The model, or whose data set it is.</param>
    /// <param name="fileName">What the client calls the file.</param>
    /// <param name="sizeBytes">How many bytes it will have, when that is known.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<UploadSession> CreateAsync(
        ModelName model, string? fileName, long? sizeBytes, UploadKind kind = UploadKind.Model, CancellationToken cancellationToken = default)
    {
        fileName = FieldLimits.FileName(fileName);
        FieldLimits.ValidateShort(fileName, "file name");
        if (kind == UploadKind.Dataset)
            Dataset.ValidateName(fileName);
        var now = time.GetUtcNow();
        var session = new UploadSession
        {
            Id = JobId.Create(now),
            Model = model,
            Kind = kind,
            FileName = fileName,
            SizeBytes = sizeBytes,
            Created = now,
            Expires = now + options.Ttl,
        };

        // An empty blob: what is uncommitted can only be deleted with a blob that is there.
        await BlobFailures.GuardAsync(() => MakeBlobAsync(session.Id, cancellationToken), cancellationToken);
        var etag = await documents.CreateAsync(Sessions, session.Id, DocumentId, session, cancellationToken);
        return session with { ETag = etag };
    }

    /// <summary>A session.</summary>
    /// <param name="model">Whose it is.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">The model has no such session (any more).</exception>
    public async Task<UploadSession> GetAsync(ModelName model, string id, CancellationToken cancellationToken = default) =>
        await FindAsync(id, cancellationToken) is { } found && found.Model == model
            ? found
            : throw new NotFoundException($"The model {model} has no upload {Quoted.Text(id)}: it was abandoned, has expired, or never began.");

    /// <summary>The URL that a session's client writes to, until the session expires.</summary>
    /// <exception cref="ConflictException">It has expired.</exception>
    public async Task<Uri> GetUrlAsync(UploadSession session, CancellationToken cancellationToken = default)
    {
        var left = session.Expires - time.GetUtcNow();
        return left > TimeSpan.Zero
            ? await _signer.BlobAsync(Blob(session.Id), BlobSasPermissions.Create | BlobSasPermissions.Write, left, cancellationToken)
            : throw new ConflictException($"The upload {session.Id} expired at {session.Expires:yyyy-MM-dd HH:mm:ss} UTC; begin a new one.");
    }

    /// <summary>How many bytes were committed; null when the blob is gone.</summary>
    public Task<long?> GetCommittedBytesAsync(string id, CancellationToken cancellationToken = default) => BlobFailures.GuardAsync(
        async () =>
        {
            try
            {
                BlobProperties found = await Blob(id).GetPropertiesAsync(cancellationToken: cancellationToken);
                return (long?)found.ContentLength;
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                return null;
            }
        },
        cancellationToken);

    /// <summary>Opens what was committed.</summary>
    /// <returns>A stream to read once and dispose of; null when the blob is gone.</returns>
    public Task<Stream?> OpenReadAsync(string id, CancellationToken cancellationToken = default) => BlobFailures.GuardAsync(
        async () =>
        {
            try
            {
                BlobDownloadStreamingResult read = await Blob(id).DownloadStreamingAsync(cancellationToken: cancellationToken);
                return (Stream?)read.Content;
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                return null;
            }
        },
        cancellationToken);

    /// <summary>Says which job takes what was uploaded.</summary>
    /// <returns>The session after it; null when it was changed or abandoned since it was read.</returns>
    public async Task<UploadSession?> TryAssignAsync(UploadSession session, string job, CancellationToken cancellationToken = default)
    {
        try
        {
            var next = session with { Job = job };
            return next with { ETag = await documents.ReplaceAsync(Sessions, session.Id, DocumentId, next, session.ETag, cancellationToken) };
        }
        catch (ETagMismatchException)
        {
            return null;
        }
    }

    /// <summary>Deletes what was uploaded; the session stays until it is collected, so that callers can still read it.</summary>
    public Task DeleteContentAsync(string id, CancellationToken cancellationToken = default) => BlobFailures.GuardAsync(
        async () =>
        {
            try
            {
                return await Blob(id).DeleteIfExistsAsync(cancellationToken: cancellationToken);
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                return null;
            }
        },
        cancellationToken);

    /// <summary>Ends a session that is not needed any more, with what was uploaded.</summary>
    /// <exception cref="ConflictException">It was completed meanwhile.</exception>
    public async Task AbandonAsync(UploadSession session, CancellationToken cancellationToken = default)
    {
        try
        {
            await documents.DeleteAsync(Sessions, session.Id, DocumentId, session.ETag, cancellationToken);
        }
        catch (ETagMismatchException)
        {
            throw new ConflictException($"The upload {session.Id} was completed meanwhile.");
        }

        await DeleteContentAsync(session.Id, cancellationToken);
    }

    /// <summary>Collects garbage: sessions whose retention is over, with what was uploaded, and blobs without a session. Several hosts may do so at once.</summary>
    /// <returns>How many sessions and blobs.</returns>
    public async Task<(int Sessions, int Blobs)> CollectAsync(CancellationToken cancellationToken = default)
    {
        var before = time.GetUtcNow() - options.Retention;
        var (sessions, blobs) = (0, 0);
        var known = new HashSet<string>(StringComparer.Ordinal);

        // Listed first: a blob is made before its session, so one that is listed and has no session, and is old, has none any more.
        var listed = await BlobFailures.GuardAsync(() => ListBlobsAsync(before - options.Ttl, cancellationToken), cancellationToken);
        await foreach (var found in documents.ScanAllAsync(Sessions, ScanPage, cancellationToken))
        {
            known.Add(found.Partition);
            if (found.Value.Expires >= before || !await documents.TryDeleteAsync(Sessions, found, cancellationToken))
                continue;
            sessions++;
            await DeleteContentAsync(found.Partition, cancellationToken);
        }

        foreach (var id in listed.Where(id => !known.Contains(id)))
        {
            await DeleteContentAsync(id, cancellationToken);
            blobs++;
        }

        return (sessions, blobs);
    }

    private async Task<UploadSession?> FindAsync(string id, CancellationToken cancellationToken) =>
        JobId.IsValid(id) && await documents.GetAsync(Sessions, id, DocumentId, cancellationToken) is { } found
            ? found.Value with { ETag = found.ETag }
            : null;

    private async Task<bool> MakeBlobAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await Blob(id).UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), overwrite: true, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await Blob(id).UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), overwrite: true, cancellationToken);
        }

        return true;
    }

    private async Task<List<string>> ListBlobsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        try
        {
            await foreach (var blob in _container.GetBlobsAsync(cancellationToken: cancellationToken))
            {
                if (JobId.IsValid(blob.Name) && blob.Properties.LastModified < before)
                    ids.Add(blob.Name);
            }
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // There was no upload yet.
        }

        return ids;
    }

    private BlobClient Blob(string id) => _container.GetBlobClient(id);
}
