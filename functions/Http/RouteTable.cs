using System.ComponentModel;
using System.Reflection;
using Larder.Functions.Access;
using Larder.Functions.Operations;
using Larder.Registry.Access;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Http;

/// <summary>The routes of this app, read from the functions' own declarations, so that help cannot drift from the code.</summary>
public sealed class RouteTable
{
    /// <summary>One HTTP function.</summary>
    /// <param name="Methods">HTTP methods, upper case.</param>
    /// <param name="Path">Route template with a leading slash.</param>
    /// <param name="Role">The least role that a caller needs.</param>
    /// <param name="Summary">One line on what it does.</param>
    public sealed record Entry(IReadOnlyList<string> Methods, string Path, Role Role, string Summary);

    /// <summary>All routes, by path.</summary>
    public IReadOnlyList<Entry> Entries { get; } =
    [
        .. from type in typeof(RouteTable).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
           where method.IsDefined(typeof(FunctionAttribute))
           let trigger = RoleRequirements.TriggerOf(method)
           let methods = trigger?.Methods
           where methods is { Length: > 0 }
           let path = trigger.Route == Greeting.Root ? "/" : $"/{trigger.Route}"
           orderby path, methods[0]
           select new Entry(
               [.. methods.Select(m => m.ToUpperInvariant())],
               path,
               // Without one the host does not start (FunctionAccess).
               method.GetCustomAttribute<RequiresAttribute>()!.Role,
               method.GetCustomAttribute<DescriptionAttribute>()?.Description ?? ""),
    ];

    /// <summary>The methods that a path answers to; empty when no route has it.</summary>
    public IEnumerable<string> MethodsOf(string path) =>
        Entries.Where(entry => Matches(entry.Path, path)).SelectMany(entry => entry.Methods).Distinct();

    private static bool Matches(string template, string path)
    {
        var wanted = template.Split('/');
        var given = path.TrimEnd('/').Split('/');
        var rest = wanted[^1].StartsWith("{*", StringComparison.Ordinal);
        return (rest ? wanted.Length <= given.Length : wanted.Length == given.Length)
            && wanted.Zip(given).All(pair => pair.First is ['{', ..] ? pair.Second.Length > 0 : string.Equals(pair.First, pair.Second, StringComparison.OrdinalIgnoreCase));
    }
}
