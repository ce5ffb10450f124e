using System.Net;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Storage.Cosmos;

/// <summary>Sees to it at start that database and containers are there and are what <see cref="CosmosDocumentStore"/> needs.</summary>
public sealed class CosmosContainers
{
    private readonly CosmosClient _client;
    private readonly CosmosOptions _options;
    private readonly CosmosLayout _layout = CosmosLayout.Read();
    private readonly IReadOnlyList<string> _names;

    /// <summary>For the collections of the registry.</summary>
    public CosmosContainers(CosmosClient client, CosmosOptions options)
        : this(client, options, null)
    {
    }

    /// <param name="client">The account.</param>
    /// <param name="options">The settings.</param>
    /// <param name="names">Containers other than the registry's: those of a test.</param>
    internal CosmosContainers(CosmosClient client, CosmosOptions options, IReadOnlyList<string>? names) =>
        (_client, _options, _names) = (client, options, names ?? _layout.Containers);

    /// <summary>Makes what is missing, if <see cref="CosmosOptions.Create"/> allows it.</summary>
    /// <exception cref="InvalidOperationException">
    /// Something is missing or wrong, or the account does not answer. The message names the setting that may be the reason.
    /// </exception>
    public async Task PrepareAsync(CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.Timeout);
        try
        {
            if (_options.Create)
                await _client.CreateDatabaseIfNotExistsAsync(_options.Database, cancellationToken: limit.Token);
            await Task.WhenAll(_names.Select(name => PrepareAsync(name, limit.Token)));
        }
        catch (CosmosException e) when (e.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw Refused(
                _options.Key.Length > 0
                    ? "refuses Store:Cosmos:Key. It may be another account's, or the account may take identities only"
                    : "refuses the identity of Store:Cosmos:ClientId. It needs the role Cosmos DB Built-in Data Contributor",
                e);
        }
        catch (Exception e) when (CosmosFailures.IsOutage(e, cancellationToken, out var status))
        {
            var said = status == 0 ? "" : $" as it should ({(int)status} {status})";
            throw Refused($"does not answer{said} at Store:Cosmos:Endpoint", e);
        }
    }

    private async Task PrepareAsync(string name, CancellationToken cancellationToken)
    {
        var keys = await PartitionKeysAsync(name, cancellationToken);
        if (keys is null && !_options.Create)
        {
            throw Refused(
                $"has no container {name} in the database {_options.Database} of Store:Cosmos:Database. Deploy it with infra-bicep, or set Store:Cosmos:Create to true", null);
        }

        if (keys is null)
            await CreateAsync(name, cancellationToken);
        else if (!keys.SequenceEqual([_layout.PartitionKey]))
            throw Refused($"has a container {name} whose partition key is not {_layout.PartitionKey}, in the database {_options.Database} of Store:Cosmos:Database", null);
    }

    private async Task<IReadOnlyList<string>?> PartitionKeysAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            ContainerProperties found = await _client.GetContainer(_options.Database, name).ReadContainerAsync(cancellationToken: cancellationToken);
            return found.PartitionKeyPaths;
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task CreateAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await _client.GetDatabase(_options.Database).CreateContainerAsync(_layout.Container(name), cancellationToken: cancellationToken);
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            // Another host was faster, with the same layout.
        }
    }

    private static InvalidOperationException Refused(string what, Exception? inner) => new($"Cosmos DB {what}.", inner);
}
