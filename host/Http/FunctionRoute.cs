using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Larder.Host;

/// <summary>Which requests a function answers.</summary>
/// <param name="Pattern">Their paths, with the route prefix.</param>
/// <param name="Methods">Their methods, in capitals; all of them when empty.</param>
internal sealed record FunctionRoute(RoutePattern Pattern, IReadOnlyList<string> Methods)
{
    // They are the Functions host's own, below its root and below the route prefix.
    private static readonly string[] s_reserved = ["admin", "runtime"];

    /// <summary>The route of a function.</summary>
    /// <exception cref="SelfHostException">Its template is none, or takes what belongs to the host.</exception>
    public static FunctionRoute For(HostFunction function, HttpTriggerAttribute trigger, HttpOptions options, ParameterPolicyFactory policies)
    {
        var route = (trigger.Route ?? function.Name).Trim().Trim('/');
        var template = $"{options.RoutePrefix}/{route}".Trim('/');
        if (IsReserved(route) || IsReserved(template))
            throw function.Error($"The specified route conflicts with one or more built in routes: '{template}' begins with one of {string.Join(", ", s_reserved.Select(name => $"'/{name}'"))}.");
        try
        {
            var pattern = RoutePatternFactory.Parse(template);
            foreach (var parameter in pattern.Parameters)
            foreach (var policy in parameter.ParameterPolicies)
                policies.Create(parameter, policy);
            return new FunctionRoute(pattern, [.. (trigger.Methods ?? []).Select(method => HttpMethods.GetCanonicalizedValue(method.ToUpperInvariant()))]);
        }
        catch (Exception exception) when (exception is RoutePatternException or InvalidOperationException)
        {
            throw function.Error($"The route template '{template}' is not valid. {exception.Message}");
        }
    }

    /// <summary>Whether some requests would be answered by both this and another route, with nothing to choose between them.</summary>
    public bool ConflictsWith(FunctionRoute other) =>
        Shape() == other.Shape() && (Methods.Count == 0 || other.Methods.Count == 0 || Methods.Intersect(other.Methods).Any());

    private static bool IsReserved(string path) => s_reserved.Contains(path.Split('/')[0], StringComparer.OrdinalIgnoreCase);

    // The template with nothing in it that does not decide what it matches: neither the names of parameters nor their defaults.
    private string Shape() => string.Join('/', Pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(Shape)))).ToUpperInvariant();

    private static string Shape(RoutePatternPart part) => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart separator => separator.Content,
        RoutePatternParameterPart parameter =>
            $"{{{(parameter.IsCatchAll ? "*" : "")}{string.Concat(parameter.ParameterPolicies.Select(policy => $":{policy.Content}"))}}}",
        _ => "",
    };
}
