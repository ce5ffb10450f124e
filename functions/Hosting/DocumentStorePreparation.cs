using Larder.Registry.Storage.Cosmos;
using Microsoft.Extensions.Hosting;

namespace Larder.Functions.Hosting;

/// <summary>Creates or checks the Cosmos DB containers before the server starts; a failure keeps it from starting. Blobs need no preparation.</summary>
internal sealed class DocumentStorePreparation(CosmosContainers? containers) : IHostedService
{
    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => containers?.PrepareAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
