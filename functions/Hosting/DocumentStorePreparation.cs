using Larder.Registry.Storage.Cosmos;
using Microsoft.Extensions.Hosting;

namespace Larder.Functions.Hosting;

/// <summary>Before anything is served: the containers are there, or the host does not start. Blobs need no preparation.</summary>
internal sealed class DocumentStorePreparation(CosmosContainers? containers) : IHostedService
{
    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => containers?.PrepareAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
