using System.Collections.Concurrent;
using System.Text.Json;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary>The leases of attempts, each a blob beside the attempt's other files. Every change is a conditional write.</summary>
/// <param name="files">The jobs' files.</param>
/// <param name="ttl">How long a lease is good for without being renewed.</param>
/// <param name="time">For times and waits.</param>
internal sealed class AttemptLeases(JobFiles files, TimeSpan ttl, TimeProvider time)
{
    private const int MaxBytes = 64 << 10;
    private const int MaxSeen = 1000;

    private readonly ConcurrentDictionary<ComputeId, (string ETag, long Since)> _seen = new();

    /// <summary>Reads a lease.</summary>
    /// <returns>It and its ETag; null when there is none.</returns>
    public async Task<(AttemptLease Lease, string ETag)?> ReadAsync(ComputeId id, CancellationToken cancellationToken)
    {
        try
        {
            if (await files.ReadWithETagAsync(id.Job, JobPaths.Lease(id.Attempt), MaxBytes, cancellationToken) is not var (content, etag))
                return null;
            return (JsonSerializer.Deserialize<AttemptLease>(content, RegistryJson.Options) ?? throw new JsonException("It is null."), etag);
        }
        catch (Exception e) when (e is JsonException or TooLargeException)
        {
            // The job's code can write in its own container. With its lease it has spoiled nothing but itself.
            return (new AttemptLease { Machine = "", Host = "", Expires = default, Stage = AttemptStage.Lost }, "");
        }
    }

    /// <summary>Makes a lease.</summary>
    /// <returns>False when there is one.</returns>
    /// <exception cref="NotFoundException">The job's files were deleted.</exception>
    public Task<bool> TryCreateAsync(ComputeId id, AttemptLease lease, CancellationToken cancellationToken) => TryWriteAsync(id, lease, etag: null, cancellationToken);

    /// <summary>Replaces a lease.</summary>
    /// <returns>False when it was changed since it was read.</returns>
    public Task<bool> TryReplaceAsync(ComputeId id, AttemptLease lease, string etag, CancellationToken cancellationToken) => TryWriteAsync(id, lease, etag, cancellationToken);

    /// <summary>Changes a lease.</summary>
    /// <param name="id">Which attempt's.</param>
    /// <param name="change">What to make of it and its ETag; called again for every try. The same instance means that nothing is to be written.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The lease after it; null when there is none.</returns>
    public async Task<AttemptLease?> ChangeAsync(ComputeId id, Func<AttemptLease, string, AttemptLease> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await ReadAsync(id, cancellationToken) is not var (lease, etag))
                return null;
            var next = change(lease, etag);
            if (ReferenceEquals(next, lease) || await TryReplaceAsync(id, next, etag, cancellationToken))
                return next;
        }
    }

    /// <summary>Removes the lease of an attempt that did not start.</summary>
    public Task DropAsync(ComputeId id, CancellationToken cancellationToken) => files.DeleteFileAsync(id.Job, JobPaths.Lease(id.Attempt), cancellationToken);

    /// <summary>
    /// Whether another machine's lease has run out: by the time that is written there, and because this server has seen the same lease for half of its
    /// life, in which it is renewed twice. So neither clocks that differ nor an outage of storage end an attempt that runs.
    /// </summary>
    public bool HasRunOut(ComputeId id, AttemptLease lease, string etag)
    {
        if (lease.IsOver)
        {
            _seen.TryRemove(id, out _);
            return lease.Stage == AttemptStage.Lost;
        }

        Forget();
        var seen = _seen.AddOrUpdate(id, _ => (etag, time.GetTimestamp()), (_, old) => old.ETag == etag ? old : (etag, time.GetTimestamp()));
        return lease.Expires <= time.GetUtcNow() && time.GetElapsedTime(seen.Since) >= ttl / 2;
    }

    // A lease that has not changed for so long is no longer looked at, or has run out and is soon seen anew.
    private void Forget()
    {
        if (_seen.Count < MaxSeen)
            return;
        foreach (var (id, seen) in _seen)
        {
            if (time.GetElapsedTime(seen.Since) > ttl * 10)
                _seen.TryRemove(id, out _);
        }
    }

    private async Task<bool> TryWriteAsync(ComputeId id, AttemptLease lease, string? etag, CancellationToken cancellationToken) =>
        await files.TryWriteAsync(id.Job, JobPaths.Lease(id.Attempt), BinaryData.FromObjectAsJson(lease, RegistryJson.Options), etag, cancellationToken) is not null;
}
