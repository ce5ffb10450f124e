using System.Collections.Immutable;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Reads instances as clients see them.</summary>
internal sealed class InstanceReader(HubStore store)
{
    /// <summary>An instance; null when there is none.</summary>
    public async Task<OrchestrationMetadata?> ReadAsync(string instance, bool withData, CancellationToken cancellationToken) =>
        await store.Instances.ReadAsync(instance, cancellationToken) is { } stored ? await DescribeAsync(stored.Document, withData, cancellationToken) : null;

    /// <summary>An instance that was listed; read only if the listing does not say enough. Null when it is gone.</summary>
    public async Task<OrchestrationMetadata?> ReadAsync(ListedInstance listed, bool withData, CancellationToken cancellationToken) =>
        withData || listed.HasTags
            ? await ReadAsync(listed.Instance, withData, cancellationToken)
            : new OrchestrationMetadata(listed.Name, listed.Instance)
            {
                RuntimeStatus = listed.Status,
                CreatedAt = listed.Created,
                LastUpdatedAt = listed.Updated,
            };

    /// <summary>An instance whose document is known.</summary>
    public async Task<OrchestrationMetadata> DescribeAsync(InstanceDocument document, bool withData, CancellationToken cancellationToken) =>
        new(document.Name, document.Instance)
        {
            RuntimeStatus = document.Status,
            CreatedAt = document.Created,
            LastUpdatedAt = document.Updated,
            Tags = document.Tags ?? ImmutableDictionary<string, string>.Empty,
            DataConverter = withData ? JsonDataConverter.Default : null,
            SerializedInput = withData ? await TextAsync(document.Input, cancellationToken) : null,
            SerializedOutput = withData ? await TextAsync(document.Output, cancellationToken) : null,
            SerializedCustomStatus = withData ? await TextAsync(document.CustomStatus, cancellationToken) : null,
            FailureDetails = withData ? document.Failure?.ToDetails() : null,
        };

    private async Task<string?> TextAsync(Payload? payload, CancellationToken cancellationToken) =>
        payload is null ? null : (await store.Data.LoadAsync(payload, cancellationToken)).Text;
}
