using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Embedded.Blobs;
using Microsoft.Azure.Functions.Worker.Embedded.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

[assembly: WorkerExtensionStartup(typeof(BlobStorageExtensionStartup))]

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Brings blob triggers into the host.</summary>
public class BlobStorageExtensionStartup : WorkerExtensionStartup
{
    /// <inheritdoc/>
    public override void Configure(IFunctionsWorkerApplicationBuilder applicationBuilder)
    {
        var services = applicationBuilder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StorageConnections>();
        services.TryAddSingleton<HostStorage>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITriggerExtension, BlobExtension>());
    }
}
