using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// What does not fit into documents: large values, and the older episodes of histories. Such a blob gets a name of its own and never changes; it
/// counts only when a document refers to it.
/// </summary>
internal sealed class DataStore(BlobContainerClient container)
{
    private const int Concurrency = 16;

    /// <summary>Gives a large value a blob.</summary>
    public async Task<Payload> SpillAsync(string folder, Payload payload, CancellationToken cancellationToken)
    {
        var blob = await WriteAsync(folder, "value", BinaryData.FromString(payload.Text!), cancellationToken);
        return payload with { Blob = blob };
    }

    /// <summary>A value with its text, which is fetched if it is not there.</summary>
    /// <returns>With no text when the blob is gone: the instance has been purged meanwhile.</returns>
    public async Task<Payload> LoadAsync(Payload payload, CancellationToken cancellationToken)
    {
        if (payload.Text is not null || payload.Blob is null)
            return payload;
        try
        {
            return payload with { Text = (await container.GetBlobClient(payload.Blob).DownloadContentAsync(cancellationToken)).Value.Content.ToString() };
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            return payload;
        }
    }

    /// <summary>Episodes with all their values' texts.</summary>
    public async Task<IReadOnlyList<Episode>> LoadAsync(IReadOnlyList<Episode> episodes, CancellationToken cancellationToken)
    {
        var loaded = new Dictionary<string, Payload>();
        var missing = episodes.SelectMany(episode => episode.Arrivals).Select(arrival => arrival.Value).OfType<Payload>().Where(value => value.Text is null && value.Blob is not null);
        await ForEachAsync(missing.DistinctBy(value => value.Blob), async (value, stop) =>
        {
            var payload = await LoadAsync(value, stop);
            lock (loaded)
                loaded.Add(value.Blob!, payload);
        }, cancellationToken);
        return loaded.Count == 0
            ? episodes
            : [.. episodes.Select(episode => episode with { Arrivals = [.. episode.Arrivals.Select(WithText)] })];

        Arrival WithText(Arrival arrival) =>
            arrival.Value is { Text: null, Blob: { } blob } && loaded.TryGetValue(blob, out var payload) ? arrival with { Value = payload } : arrival;
    }

    /// <summary>Writes episodes into a blob.</summary>
    public async Task<Segment> WriteSegmentAsync(string folder, IReadOnlyList<Episode> episodes, CancellationToken cancellationToken)
    {
        var content = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(episodes, DurableJson.Stored.IReadOnlyListEpisode));
        return new Segment(await WriteAsync(folder, "history", content, cancellationToken), episodes.Sum(episode => episode.EventCount));
    }

    /// <summary>All episodes of some segments, in order.</summary>
    public async Task<List<Episode>> ReadSegmentsAsync(IReadOnlyList<Segment> segments, CancellationToken cancellationToken)
    {
        var parts = new IReadOnlyList<Episode>[segments.Count];
        await ForEachAsync(Enumerable.Range(0, segments.Count), async (i, stop) =>
        {
            var content = (await container.GetBlobClient(segments[i].Blob).DownloadContentAsync(stop)).Value.Content;
            parts[i] = JsonSerializer.Deserialize(content, DurableJson.Stored.IReadOnlyListEpisode)!;
        }, cancellationToken);
        return [.. parts.SelectMany(part => part)];
    }

    /// <summary>Removes all blobs of a folder.</summary>
    public async Task SweepAsync(string folder, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var blob in container.GetBlobsAsync(prefix: folder, cancellationToken: cancellationToken))
            names.Add(blob.Name);
        await ForEachAsync(names, async (name, stop) => await container.GetBlobClient(name).DeleteIfExistsAsync(cancellationToken: stop), cancellationToken);
    }

    private static Task ForEachAsync<T>(IEnumerable<T> items, Func<T, CancellationToken, ValueTask> action, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken }, action);

    private async Task<string> WriteAsync(string folder, string kind, BinaryData content, CancellationToken cancellationToken)
    {
        var name = $"{folder}{kind}-{Guid.NewGuid():N}";
        await container.GetBlockBlobClient(name).UploadAsync(content.ToStream(), cancellationToken: cancellationToken);
        return name;
    }
}
