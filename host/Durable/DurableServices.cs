using Larder.Host.Functions;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Larder.Host.Durable;

/// <summary>Orchestrators, activities and their client.</summary>
internal static class DurableServices
{
    /// <summary>Registers them. The hub is made for the first function that needs it: an application without any needs no storage for it.</summary>
    public static void AddDurable(this IServiceCollection services)
    {
        services.AddOptions<DurableOptions>().BindConfiguration(DurableOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DurableOptions>, DurableOptionsValidator>();
        services.AddSingleton(DurableOptions.Keys);
        services.AddSingleton<DurableFunctions>();
        services.AddSingleton<DurableHub>();
        services.AddSingleton<HubClient>();
        services.AddSingleton(provider => new Lazy<DurableHub>(provider.GetRequiredService<DurableHub>));
        services.AddSingleton(provider => new Lazy<DurableTaskClient>(provider.GetRequiredService<HubClient>));
        services.AddSingleton<ITriggerExtension, OrchestrationTriggerExtension>();
        services.AddSingleton<ITriggerExtension, ActivityTriggerExtension>();
        services.AddSingleton<IInputBindingExtension, DurableClientExtension>();
    }
}
