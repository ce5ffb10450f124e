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
