using Azure;
using Azure.Storage.Blobs;

namespace Microsoft.DurableTask.Embedded;

/// <summary>A task hub in storage: one container.</summary>
internal sealed class HubStore(BlobContainerClient container)
{
    /// <summary>Its instances.</summary>
    public InstanceStore Instances { get; } = new(container);

    /// <summary>What their documents refer to.</summary>
    public DataStore Data { get; } = new(container);

    /// <summary>What clients in other processes ask.</summary>
    public InboxStore Inbox { get; } = new(container);

    /// <summary>What the host that runs the hub has a lease on.</summary>
    public BlobClient Lock { get; } = container.GetBlobClient(BlobNames.Lock);

    /// <summary>Makes the container if it is not there.</summary>
    public async Task CreateAsync(CancellationToken cancellationToken) => await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);

    /// <summary>Does something in the container, and makes the container if that is what was missing.</summary>
    public async Task<T> InContainerAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await action();
        }
        catch (RequestFailedException error) when (error.ErrorCode == "ContainerNotFound")
        {
            await CreateAsync(cancellationToken);
            return await action();
        }
    }
}
