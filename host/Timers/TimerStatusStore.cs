using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Larder.Host.Functions;
using Larder.Host.Storage;

namespace Larder.Host.Timers;

/// <summary>
/// Keeps one timer's status in storage: the blob and the JSON of the Functions host's timer extension (StorageScheduleMonitor.cs), so that its
/// documentation holds.
/// </summary>
internal sealed class TimerStatusStore(HostStorage storage, HostFunction function)
{
    private readonly BlobClient _blob = storage.Container.GetBlobClient($"timers/{storage.HostId}/{HostStorage.FullName(function)}/status");

    /// <returns>Null when there is none, or none that can be read.</returns>
    public async Task<TimerStatus?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var content = await _blob.DownloadContentAsync(cancellationToken);
            return JsonSerializer.Deserialize<TimerStatus>(content.Value.Content);
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public Task WriteAsync(TimerStatus status, CancellationToken cancellationToken) =>
        storage.InContainerAsync(() => _blob.UploadAsync(BinaryData.FromObjectAsJson(status), overwrite: true, cancellationToken), cancellationToken);
}

/// <summary>Where a timer is in its schedule, as it is kept in storage.</summary>
/// <param name="Last">When it was last invoked; default when it never was.</param>
/// <param name="Next">The occurrence that follows; the end of time when there is none.</param>
/// <param name="LastUpdated">From when <paramref name="Next"/> was reckoned.</param>
internal sealed record TimerStatus(DateTimeOffset Last, DateTimeOffset Next, DateTimeOffset LastUpdated)
{
    /// <summary>What a function gets to see.</summary>
    public ScheduleStatus ToScheduleStatus() =>
        new() { Last = Last.UtcDateTime, Next = Next.UtcDateTime, LastUpdated = LastUpdated.UtcDateTime };
}
