using System.Buffers.Text;
using System.Text;
using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Lists instances by pages that are full, though storage's pages know nothing of the conditions.</summary>
internal sealed class InstanceQuery(HubStore store, InstanceReader reader, string hubName)
{
    private const int ListedAtOnce = 1000;

    /// <summary>One page.</summary>
    /// <param name="query">The conditions.</param>
    /// <param name="token">Where the page begins; at the first instance if null.</param>
    /// <param name="pageSize">How many it has.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="ArgumentException">The token is none that this gave.</exception>
    public async Task<Page<OrchestrationMetadata>> ReadPageAsync(OrchestrationQuery query, string? token, int pageSize, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSize);
        if (query.TaskHubNames?.Any(name => string.Equals(name, hubName, StringComparison.OrdinalIgnoreCase)) == false)
            return new Page<OrchestrationMetadata>([]);
        var (marker, after) = Position.Parse(token);
        var statuses = query.Statuses?.ToHashSet();
        var found = new List<ListedInstance>();
        await foreach (var (instances, next) in store.Instances.ListAsync(query.InstanceIdPrefix ?? "", marker, ListedAtOnce, cancellationToken))
        {
            // Within storage's page, what was given before is passed by name.
            foreach (var instance in instances)
            {
                if (after is not null && string.CompareOrdinal(BlobNames.Instance(instance.Instance), after) <= 0)
                    continue;
                if (!IsMatch(instance))
                    continue;
                if (found.Count == pageSize)
                    return await PageAsync(new Position(marker, BlobNames.Instance(found[^1].Instance)).ToString());
                found.Add(instance);
            }

            marker = next;
        }

        return await PageAsync(null);

        bool IsMatch(ListedInstance instance) =>
            !(instance.Created < query.CreatedFrom) && !(instance.Created > query.CreatedTo) && statuses?.Contains(instance.Status) != false;

        async Task<Page<OrchestrationMetadata>> PageAsync(string? nextToken)
        {
            var read = await Task.WhenAll(found.Select(instance => reader.ReadAsync(instance, query.FetchInputsAndOutputs, cancellationToken)));
            return new Page<OrchestrationMetadata>([.. read.OfType<OrchestrationMetadata>()], nextToken);
        }
    }

    /// <summary>Where a page begins: in which of storage's pages, and after which name there.</summary>
    private readonly record struct Position(string? Marker, string? After)
    {
        private const char Separator = '\n';

        public static Position Parse(string? token)
        {
            if (string.IsNullOrEmpty(token))
                return default;
            if (!Base64Url.IsValid(token))
                throw new ArgumentException("The continuation token is none that an earlier page gave.", nameof(token));
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)).Split(Separator);
            return parts.Length == 2
                ? new Position(parts[0].Length == 0 ? null : parts[0], parts[1])
                : throw new ArgumentException("The continuation token is none that an earlier page gave.", nameof(token));
        }

        public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Marker}{Separator}{After}"));
    }
}
