using System.Reflection;
using System.Text.RegularExpressions;

namespace Larder.Host.Functions;

/// <summary>Finds functions. What is wrong with any of them is reported for all of them at once, in the Functions host's words.</summary>
internal static partial class FunctionIndex
{
    private const BindingFlags AnyMethod =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The functions of some classes, by name.</summary>
    /// <param name="classes">The classes.</param>
    /// <param name="errors">Gets a sentence for each function in error, which is left out.</param>
    public static IReadOnlyList<HostFunction> Find(IEnumerable<Type> classes, FunctionErrors errors)
    {
        var functions = new SortedDictionary<string, HostFunction>(StringComparer.OrdinalIgnoreCase);
        // Most methods are accessors and closures, and to look for an attribute takes longer than to see that.
        foreach (var method in classes.SelectMany(type => type.GetMethods(AnyMethod)).Where(method => !method.IsSpecialName && method.Name[0] != '<'))
            if (method.GetCustomAttribute<FunctionAttribute>(inherit: false) is { } attribute)
                errors.Collect(() =>
                {
                    var function = Describe(attribute.Name, method);
                    if (!functions.TryAdd(function.Name, function))
                        throw Error(attribute.Name, $"its name is used by {HostFunctionDefinition.EntryPointOf(functions[function.Name].Method)} too. The names of functions must be unique.");
                });
        return [.. functions.Values];
    }

    private static HostFunction Describe(string name, MethodInfo method)
    {
        if (!ValidName().IsMatch(name ?? ""))
            throw Error(name ?? "", $"'{name}' is not a valid function name. A name begins with a letter, which up to 127 letters, digits, '_' and '-' may follow.");
        if (!method.IsPublic)
            throw Error(name!, $"its method {HostFunctionDefinition.EntryPointOf(method)} must be public.");
        if (method.ContainsGenericParameters || (method.DeclaringType!.IsAbstract && !method.IsStatic))
            throw Error(name!, $"its method {HostFunctionDefinition.EntryPointOf(method)} must not be generic, nor in an abstract class.");

        var triggers = method.GetParameters()
            .Select(parameter => (Parameter: parameter, Attribute: UsedBindings.TriggerOf(parameter)))
            .Where(trigger => trigger.Attribute is not null)
            .ToList();
        return triggers.Count switch
        {
            1 => new HostFunction(new HostFunctionDefinition(name!, method, triggers[0].Parameter), method, triggers[0].Parameter, triggers[0].Attribute!),
            0 => throw Error(name!, "No trigger binding specified. A function must have a trigger input binding."),
            _ => throw Error(name!, $"Multiple trigger bindings defined ({string.Join(", ", triggers.Select(trigger => $"'{trigger.Parameter.Name}'"))}). A function can only have a single trigger binding."),
        };
    }

    private static SelfHostException Error(string name, string sentence) => new($"The '{name}' function is in error: {sentence}");

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_\-]{0,127}\z")]
    private static partial Regex ValidName();
}
