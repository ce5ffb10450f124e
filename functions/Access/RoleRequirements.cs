using System.Collections.Frozen;
using System.Reflection;
using Larder.Functions.Http;
using Larder.Registry.Access;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Access;

/// <summary>
/// What each HTTP function declares of its callers (<see cref="RequiresAttribute"/>). One that declares nothing is an error, and keeps the host from
/// starting: nothing is open by oversight.
/// </summary>
internal sealed class RoleRequirements
{
    /// <summary>What one function declares.</summary>
    /// <param name="Role">The least role.</param>
    /// <param name="IsProbe">As <see cref="RequiresAttribute.IsProbe"/>.</param>
    /// <param name="Scope">As <see cref="RequiresAttribute.Scope"/>.</param>
    /// <param name="ModelParameter">The parameter of the route that names a model; null when none does.</param>
    /// <param name="IsForRuns">As <see cref="RequiresAttribute.IsForRuns"/>.</param>
    public sealed record Entry(Role Role, bool IsProbe, ScopeRule Scope, string? ModelParameter, bool IsForRuns = false);

    // A reference is a model's name, with a version or an alias after a colon.
    private static readonly string[] Models = ["model", "reference"];

    private readonly FrozenDictionary<string, Entry> _entries;

    /// <summary>Reads the declarations.</summary>
    /// <param name="functions">All functions.</param>
    /// <exception cref="InvalidOperationException">Some declare nothing, or what cannot be: one line for each.</exception>
    public RoleRequirements(IReadOnlyList<FunctionMethod> functions)
    {
        var problems = new List<string>();
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var function in functions)
        {
            if (function.Trigger is not { } trigger)
                continue;
            if (function.Declaration.GetCustomAttribute<RequiresAttribute>() is not { } requires)
                problems.Add($"The function {function.Name} answers requests, but does not say who may send them: it lacks [Requires].");
            else if (!IsAnonymous(function.Declaration))
                problems.Add($"The function {function.Name} makes the host ask for a key of its own before Larder is asked: its authorization level must be Anonymous.");
            else if (requires is { IsProbe: true, Role: > Role.None })
                problems.Add($"The function {function.Name} is a probe, but requires a role.");
            else if (requires.Role > Role.None && (requires.Scope == ScopeRule.Route) != (ModelIn(trigger.Route) is not null))
                problems.Add($"The function {function.Name} does not say what it has to do with models: [Requires] needs a Scope where, and only where, the route names no model.");
            else
                entries[function.Name] = new Entry(requires.Role, requires.IsProbe, requires.Scope, ModelIn(trigger.Route), requires.IsForRuns);
        }
        if (problems.Count > 0)
            throw new InvalidOperationException(string.Join(Environment.NewLine, problems));
        _entries = entries.ToFrozenDictionary(StringComparer.Ordinal);
        Names = functions.Select(function => function.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The names of all functions, whatever starts them.</summary>
    public IReadOnlySet<string> Names { get; }

    /// <summary>The declarations of this app's functions, and of the libraries' that it refers to.</summary>
    public static RoleRequirements OfThisApp() => new(FunctionMethods.OfThisApp);

    /// <summary>What a function declares.</summary>
    /// <exception cref="InvalidOperationException">The function was not there at the start.</exception>
    public Entry Of(string function) =>
        _entries.GetValueOrDefault(function) ?? throw new InvalidOperationException($"Who may call the function {function} is not known.");

    private static string? ModelIn(string? route) => Models.FirstOrDefault(name => route?.Contains($"{{{name}}}", StringComparison.Ordinal) == true);

    // Where the attribute gives no level, its property says Anonymous, but the Functions host asks for a key.
    private static bool IsAnonymous(MethodInfo method) => method.GetParameters()
        .SelectMany(parameter => parameter.GetCustomAttributesData())
        .Where(attribute => attribute.AttributeType == typeof(HttpTriggerAttribute))
        .SelectMany(attribute => attribute.ConstructorArguments)
        .Any(argument => argument.ArgumentType == typeof(AuthorizationLevel) && (AuthorizationLevel)(int)argument.Value! == AuthorizationLevel.Anonymous);
}
