using System.Net;
using System.Text.Json;
using Larder.Inference;
using Larder.Registry.Errors;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Storage.Cosmos;

/// <summary>
/// Documents as items of Cosmos DB: a container for each collection, with the key /partition (infra-bicep/documents.json). Reads and writes of one document
/// are point operations, a list is a query within one partition, a scan a query over all of them; nothing else is asked of the account.
/// </summary>
/// <remarks>
/// Not checked where this is built, since the emulator of the tests has one physical partition, no replicas and no identities: direct mode,
/// identities, consistency levels, the merge of a scan over several physical partitions (which is the client's
/// own), pages that end early for their size, and what a call really costs.
/// </remarks>
/// <param name="client">The account; one client for the process.</param>
/// <param name="options">The settings.</param>
/// <param name="metrics">Where request units are counted.</param>
public sealed class CosmosDocumentStore(CosmosClient client, CosmosOptions options, CosmosMetrics metrics) : IDocumentStore
{
    private const int MaxPage = 5000;
    private const int Tries = 4;

    // Of a 404: the container is missing, not the item.
    private const string SubStatus = "x-ms-substatus";
    private const string OwnerMissing = "1003";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly ItemRequestOptions Create = new() { EnableContentResponseOnWrite = false };

    /// <inheritdoc/>
    public Task<Document<T>?> GetAsync<T>(DocumentCollection<T> collection, string partition, string id, CancellationToken cancellationToken = default)
    {
        var key = DocumentKey.Of(collection.Name, partition, id);
        return CallAsync(
            "get",
            collection.Name,
            async stop =>
            {
                using var item = await ReadAsync(collection.Name, key, stop);
                return item is null ? null : CosmosItem.Read(collection, item.RootElement);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<string> CreateAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken = default) =>
        WriteAsync(
            "create",
            collection,
            DocumentKey.Of(collection.Name, partition, id),
            value,
            (container, key, item, stop) => container.CreateItemStreamAsync(item, new PartitionKey(key.Partition), Create, stop),
            status => status == HttpStatusCode.Conflict ? new DocumentExistsException(collection.Name, partition, id) : null,
            cancellationToken);

    /// <inheritdoc/>
    public Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellationToken = default)
    {
        var unchanged = new ItemRequestOptions { IfMatchEtag = CosmosItem.Quoted(etag), EnableContentResponseOnWrite = false };
        return WriteAsync(
            "replace",
            collection,
            DocumentKey.Of(collection.Name, partition, id),
            value,
            (container, key, item, stop) => container.ReplaceItemStreamAsync(item, key.Id, new PartitionKey(key.Partition), unchanged, stop),
            status => status is HttpStatusCode.PreconditionFailed or HttpStatusCode.NotFound ? new ETagMismatchException(collection.Name, partition, id) : null,
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync<T>(
        DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellationToken = default)
    {
        var key = DocumentKey.Of(collection.Name, partition, id);
        var unchanged = new ItemRequestOptions { IfMatchEtag = CosmosItem.Quoted(etag) };
        return CallAsync(
            "delete",
            collection.Name,
            async stop =>
            {
                using var response = await Container(collection.Name).DeleteItemStreamAsync(key.Id, new PartitionKey(key.Partition), unchanged, stop);
                metrics.Charged("delete", collection.Name, response.Headers.RequestCharge);
                if (response.StatusCode == HttpStatusCode.PreconditionFailed)
                    throw new ETagMismatchException(collection.Name, partition, id);
                return !IsMissing(response) && response.EnsureSuccessStatusCode() is not null;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation = null, CancellationToken cancellationToken = default)
    {
        var within = DocumentKey.Escape(partition);
        var after = continuation is null ? new DocumentKey(within, "") : CosmosContinuation.Read(continuation);
        if (after.Partition != within)
            throw CosmosContinuation.Foreign();
        return PageAsync("list", collection, CosmosQueries.Partition, new PartitionKey(within), after, limit, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<DocumentPage<T>> ScanAsync<T>(
        DocumentCollection<T> collection, int limit, string? continuation = null, CancellationToken cancellationToken = default)
    {
        var after = continuation is null ? new DocumentKey("", "") : CosmosContinuation.Read(continuation);
        return PageAsync("scan", collection, CosmosQueries.Collection, null, after, limit, cancellationToken);
    }

    private Container Container(string collection) => client.GetContainer(options.Database, collection);

    private async Task<JsonDocument?> ReadAsync(string collection, DocumentKey key, CancellationToken cancellationToken)
    {
        using var response = await Container(collection).ReadItemStreamAsync(key.Id, new PartitionKey(key.Partition), cancellationToken: cancellationToken);
        metrics.Charged("get", collection, response.Headers.RequestCharge);
        if (IsMissing(response))
            return null;
        response.EnsureSuccessStatusCode();
        return await JsonDocument.ParseAsync(response.Content, cancellationToken: cancellationToken);
    }

    private Task<string> WriteAsync<T>(
        string operation,
        DocumentCollection<T> collection,
        DocumentKey key,
        T value,
        Func<Container, DocumentKey, Stream, CancellationToken, Task<ResponseMessage>> send,
        Func<HttpStatusCode, LarderException?> refused,
        CancellationToken cancellationToken)
    {
        var write = Guid.NewGuid().ToString("N");
        return CallAsync(
            operation,
            collection.Name,
            async stop =>
            {
                using var item = CosmosItem.Write(collection, key, write, value);
                using var response = await send(Container(collection.Name), key, item, stop);
                metrics.Charged(operation, collection.Name, response.Headers.RequestCharge);
                if (response.StatusCode == HttpStatusCode.RequestEntityTooLarge)
                    throw new TooLargeException("The document is larger than the 2 MB that Cosmos DB stores.");
                if (refused(response.StatusCode) is { } refusal)
                    return await OursAsync(collection.Name, key, write, stop) ?? throw refusal;
                response.EnsureSuccessStatusCode();
                return CosmosItem.Unquoted(response.Headers.ETag);
            },
            cancellationToken);
    }

    /// <summary>
    /// The ETag of the item if this very write put it there. It may have: when the answer to a write is lost, it is sent again, and the second finds
    /// the first one's result.
    /// </summary>
    private async Task<string?> OursAsync(string collection, DocumentKey key, string write, CancellationToken cancellationToken)
    {
        using var item = await ReadAsync(collection, key, cancellationToken);
        return item is not null && CosmosItem.WriteId(item.RootElement) == write ? CosmosItem.ETag(item.RootElement) : null;
    }

    private Task<DocumentPage<T>> PageAsync<T>(
        string operation, DocumentCollection<T> collection, string query, PartitionKey? partition, DocumentKey after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxPage);
        // A query that one physical partition can answer alone is sent there as it is; the others cost the client a query plan first.
        var request = new QueryRequestOptions
        {
            PartitionKey = partition, MaxItemCount = limit, MaxConcurrency = -1, EnableOptimisticDirectExecution = true,
        };
        return CallAsync(
            operation,
            collection.Name,
            async stop =>
            {
                using var pages = Container(collection.Name).GetItemQueryStreamIterator(CosmosQueries.After(query, after), null, request);
                var (documents, last) = (new List<Document<T>>(), after);
                // A page may be empty before the end; without a last key it would have no continuation.
                do
                {
                    using var response = await pages.ReadNextAsync(stop);
                    metrics.Charged(operation, collection.Name, response.Headers.RequestCharge);
                    response.EnsureSuccessStatusCode();
                    using var page = await JsonDocument.ParseAsync(response.Content, cancellationToken: stop);
                    foreach (var item in page.RootElement.GetProperty("Documents").EnumerateArray())
                    {
                        documents.Add(CosmosItem.Read(collection, item));
                        last = CosmosItem.Key(item);
                    }
                }
                while (documents.Count == 0 && pages.HasMoreResults);
                return new DocumentPage<T>(documents, pages.HasMoreResults ? CosmosContinuation.Write(last) : null);
            },
            cancellationToken);
    }

    /// <summary>
    /// Runs a call in bounded time. The client itself waits and tries again on 429; what broke on the way is sent again here, which each write's mark makes
    /// safe. What still fails is an outage.
    /// </summary>
    private async Task<T> CallAsync<T>(string operation, string collection, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Timeout);
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await call(limit.Token);
            }
            catch (Exception e) when (CosmosFailures.IsOutage(e, cancellationToken, out var status))
            {
                if (tries == Tries || !CosmosFailures.IsFleeting(e) || limit.IsCancellationRequested)
                {
                    metrics.Failed(operation, collection, status);
                    throw CosmosFailures.Unavailable(status, e);
                }
            }

            await Task.Delay(Pause * tries, cancellationToken);
        }
    }

    private static bool IsMissing(ResponseMessage response) =>
        response.StatusCode == HttpStatusCode.NotFound && !(response.Headers.TryGetValue(SubStatus, out var reason) && reason == OwnerMissing);
}
