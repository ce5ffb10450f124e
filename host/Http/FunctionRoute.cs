using Larder.Host.Functions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Larder.Host.Http;

/// <summary>Which requests a function answers.</summary>
/// <param name="Pattern">Their paths, with the route prefix.</param>
/// <param name="Methods">Their methods, in capitals; all of them when empty.</param>
internal sealed record FunctionRoute(RoutePattern Pattern, IReadOnlyList<string> Methods)
{
    // They are the Functions host's own, below its root and below the route prefix.
    private static readonly string[] Reserved = ["admin", "runtime"];

    // The template with nothing in it that does not decide what it matches: neither the names of parameters nor their defaults.
    private readonly string _shape = string.Join('/', Pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(Shape)))).ToUpperInvariant();

    /// <summary>The template as it is printed: without the slash that stands for an empty prefix.</summary>
    public string Text => Pattern.RawText!.TrimStart('/');

    /// <summary>Whether the route is one parameter that takes any path.</summary>
    public bool TakesAllPaths => _shape == "{*}" && Pattern.Defaults.Count == 0;

    /// <summary>
    /// The route of a function. The template is made as the isolated worker makes it, so that one which would break the worker, where it takes
    /// every function with it, is refused here too.
    /// </summary>
    /// <exception cref="SelfHostException">Its template is none, or takes what belongs to the host.</exception>
    public static FunctionRoute For(HostFunction function, HttpTriggerAttribute trigger, HttpOptions options, ParameterPolicyFactory policies)
    {
        var route = trigger.Route ?? function.Name;
        var template = $"{options.RoutePrefix}/{route}";
        if (route.Length == 0)
            throw function.Error("Its route is empty: the Functions host would take the function's name for it, and the isolated worker the prefix alone. Leave Route out, or use a template such as '{root:maxlength(0)?}' for the prefix alone.");
        if (route.Contains('%'))
            throw function.Error($"The route template '{route}' has a '%': routes do not name settings.");
        if (IsReserved(route) || IsReserved(template.TrimStart('/')))
            throw function.Error($"The specified route conflicts with one or more built in routes: '{template.TrimStart('/')}' begins with one of {string.Join(", ", Reserved.Select(name => $"'/{name}'"))}.");
        try
        {
            var pattern = RoutePatternFactory.Parse(template);
            foreach (var parameter in pattern.Parameters)
            {
                foreach (var policy in parameter.ParameterPolicies)
                    policies.Create(parameter, policy);
            }

            return new FunctionRoute(pattern, [.. (trigger.Methods ?? []).Select(method => HttpMethods.GetCanonicalizedValue(method.ToUpperInvariant()))]);
        }
        catch (Exception exception) when (exception is RoutePatternException or InvalidOperationException)
        {
            var leadingSlash = route[0] == '/' ? " A route begins without '/': the isolated worker would answer no request to any function. '{root:maxlength(0)?}' is the prefix alone." : "";
            throw function.Error($"The route template '{template}' is not valid. {exception.Message}{leadingSlash}");
        }
    }

    /// <summary>Whether this route and another match the same paths, and have a method in common: then the second could never be called.</summary>
    public bool ConflictsWith(FunctionRoute other) =>
        _shape == other._shape && (Methods.Count == 0 || other.Methods.Count == 0 || Methods.Intersect(other.Methods).Any());

    private static bool IsReserved(string path) => Reserved.Contains(path.TrimStart('/').Split('/')[0], StringComparer.OrdinalIgnoreCase);

    private static string Shape(RoutePatternPart part) => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart separator => separator.Content,
        RoutePatternParameterPart parameter =>
            $"{{{(parameter.IsCatchAll ? "*" : "")}{string.Concat(parameter.ParameterPolicies.Select(policy => $":{policy.Content}"))}}}",
        _ => "",
    };
}
