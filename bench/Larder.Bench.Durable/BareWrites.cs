using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Embedded;

namespace Larder.Bench.Durable;

/// <summary>
/// The writes that committed a load, done again with nothing around them: for each instance one blob, created, and then replaced, if it is as it was, once for
/// every turn, by the very bytes that the turn left. Nothing that stores each turn before the next can do with less.
/// </summary>
internal sealed class BareWrites
{
    private readonly IReadOnlyList<Instance> instances;

    public BareWrites(IEnumerable<InstanceDocument> documents) => instances = [.. documents.Select(document => new Instance(document))];

    public int Count => instances.Sum(instance => instance.Contents.Count);

    public Task RunAsync(BlobContainerClient container) => Task.WhenAll(instances.Select(instance => instance.WriteAsync(container)));

    private sealed class Instance
    {
        private readonly Dictionary<string, string> metadata;

        public Instance(InstanceDocument document)
        {
            if (document.Segments.Count > 0)
                throw new NotSupportedException("The load is too large: its histories do not fit into their documents.");
            metadata = ListedInstance.Metadata(document);
            Contents = [.. Enumerable.Range(0, document.Tail.Count + 1).Select(turns => Serialize(document, turns))];
        }

        public IReadOnlyList<BinaryData> Contents { get; }

        public async Task WriteAsync(BlobContainerClient container)
        {
            var blob = container.GetBlobClient($"{Guid.NewGuid():N}");
            var conditions = new BlobRequestConditions { IfNoneMatch = ETag.All };
            foreach (var content in Contents)
            {
                var options = new BlobUploadOptions { Metadata = metadata, Conditions = conditions };
                conditions = new BlobRequestConditions { IfMatch = (await blob.UploadAsync(content.ToStream(), options)).Value.ETag };
            }
        }

        private static BinaryData Serialize(InstanceDocument document, int turns)
        {
            var part = turns == document.Tail.Count
                ? document
                : document with { Tail = [.. document.Tail.Take(turns)], Status = OrchestrationRuntimeStatus.Running, Output = null };
            return new BinaryData(JsonSerializer.SerializeToUtf8Bytes(part, DurableJson.Stored.InstanceDocument));
        }
    }
}
