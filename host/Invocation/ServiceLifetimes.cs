using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host;

/// <summary>Says whether a class can be made without a scope, which saves every invocation one.</summary>
internal static class ServiceLifetimes
{
    /// <summary>
    /// False only when it is certain: one public constructor, and each of its parameters a service that is registered as a singleton. Others
    /// may be scoped, lead to something scoped, or need to be disposed of with the invocation.
    /// </summary>
    public static bool NeedsScope(Type type, IServiceCollection services)
    {
        var constructors = type.GetConstructors();
        return constructors.Length != 1
            || constructors[0].GetParameters().Any(parameter => parameter.IsDefined(typeof(FromKeyedServicesAttribute), false) || !IsSingleton(parameter.ParameterType, services));
    }

    private static bool IsSingleton(Type type, IServiceCollection services)
    {
        var registration = Last(type) ?? (type.IsConstructedGenericType ? Last(type.GetGenericTypeDefinition()) : null);
        return registration?.Lifetime == ServiceLifetime.Singleton;

        ServiceDescriptor? Last(Type service) => services.LastOrDefault(descriptor => descriptor.ServiceType == service && !descriptor.IsKeyedService);
    }
}
