using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host;

/// <summary>Services that are the same for every invocation of one application: looked up by the first.</summary>
/// <param name="types">What they are registered as, all of them as singletons.</param>
internal sealed class SingletonServices(Type[] types)
{
    private object[]? _values;

    /// <summary>The services, in the order of their types.</summary>
    public object[] From(IServiceProvider root) => _values ??= [.. types.Select(root.GetRequiredService)];
}
