using System.Reflection;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Larder.Host;

/// <summary>The names of trigger types.</summary>
internal static class TriggerTypes
{
    private const string Suffix = "Attribute";

    /// <summary>The type name that goes with a trigger attribute: its class name in camel case, without "Attribute".</summary>
    public static string NameOf(ParameterInfo trigger)
    {
        var name = trigger.GetCustomAttribute<TriggerBindingAttribute>()!.GetType().Name;
        if (name.EndsWith(Suffix, StringComparison.Ordinal))
            name = name[..^Suffix.Length];
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
