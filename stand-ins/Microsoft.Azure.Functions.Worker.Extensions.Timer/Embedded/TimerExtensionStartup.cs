using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Embedded.Storage;
using Microsoft.Azure.Functions.Worker.Embedded.Timers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

[assembly: WorkerExtensionStartup(typeof(TimerExtensionStartup))]

namespace Microsoft.Azure.Functions.Worker.Embedded.Timers;

/// <summary>Brings timer triggers into the host.</summary>
internal sealed class TimerExtensionStartup : WorkerExtensionStartup
{
    /// <inheritdoc/>
    public override void Configure(IFunctionsWorkerApplicationBuilder applicationBuilder)
    {
        var services = applicationBuilder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StorageConnections>();
        services.TryAddSingleton<HostStorage>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITriggerExtension, TimerExtension>());
    }
}
