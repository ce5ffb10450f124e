using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Embedded.Storage;
using Microsoft.Azure.Functions.Worker.Extensions.DurableTask;
using Microsoft.DurableTask.Embedded;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

[assembly: WorkerExtensionStartup(typeof(DurableTaskExtensionStartup))]

namespace Microsoft.Azure.Functions.Worker.Extensions.DurableTask;

/// <summary>Brings Durable Functions into the host.</summary>
public sealed class DurableTaskExtensionStartup : WorkerExtensionStartup
{
    /// <inheritdoc/>
    public override void Configure(IFunctionsWorkerApplicationBuilder applicationBuilder)
    {
        var services = applicationBuilder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StorageConnections>();
        services.TryAddSingleton(provider => HubOptions.Read(provider.GetRequiredService<IConfiguration>()));
        services.TryAddSingleton(CreateStore);
        services.TryAddSingleton<DurableFunctions>();
        services.TryAddSingleton<InstanceWatch>();
        services.TryAddSingleton<TaskHubWorker>();
        services.TryAddSingleton(provider => new Lazy<TaskHubWorker>(provider.GetRequiredService<TaskHubWorker>));
        services.TryAddSingleton<EmbeddedDurableTaskClient>();
        services.TryAddSingleton(provider => new Lazy<EmbeddedDurableTaskClient>(provider.GetRequiredService<EmbeddedDurableTaskClient>));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITriggerExtension, OrchestrationTriggerExtension>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITriggerExtension, ActivityTriggerExtension>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IInputBindingExtension, DurableClientExtension>());

        // Extensions come before the application, so this is outside all of its middleware.
        applicationBuilder.UseMiddleware<OrchestrationMiddleware>();
    }

    private static HubStore CreateStore(IServiceProvider provider)
    {
        try
        {
            var options = provider.GetRequiredService<HubOptions>();
            return new HubStore(provider.GetRequiredService<StorageConnections>().GetBlobService(null).GetBlobContainerClient(options.ContainerName));
        }
        catch (FormatException error)
        {
            throw new FunctionsHostException($"Durable functions need storage: {error.Message}", error);
        }
    }
}
