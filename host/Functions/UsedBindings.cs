using System.Reflection;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Larder.Host.Functions;

/// <summary>The binding attributes of a function's method, its parameters and what it returns.</summary>
internal static class UsedBindings
{
    private const string Suffix = "Attribute";

    /// <summary>The trigger attribute of a parameter; null when it has none.</summary>
    public static TriggerBindingAttribute? TriggerOf(ParameterInfo parameter) => parameter.GetCustomAttribute<TriggerBindingAttribute>();

    /// <summary>The attributes of a method that change what happens around its invocation and that the self-host has not: output bindings, and retries by the host.</summary>
    public static IEnumerable<Attribute> NotSupportedOn(MethodInfo method) =>
    [
        .. method.GetCustomAttributes<OutputBindingAttribute>(),
        .. method.GetCustomAttributes().Where(attribute => attribute is FixedDelayRetryAttribute or ExponentialBackoffRetryAttribute),
        .. Returned(method.ReturnType).GetProperties().SelectMany(property => property.GetCustomAttributes<OutputBindingAttribute>()),
    ];

    /// <summary>The name of a binding's type, as function.json has it: the attribute's class name in camel case, without "Attribute".</summary>
    public static string TypeName(Attribute binding) => TypeName(binding.GetType());

    /// <inheritdoc cref="TypeName(Attribute)"/>
    public static string TypeName(Type binding)
    {
        var name = binding.Name;
        if (name.EndsWith(Suffix, StringComparison.Ordinal))
            name = name[..^Suffix.Length];
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    private static Type Returned(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            ? type.GetGenericArguments()[0]
            : type;
}
