using Larder.Worker.Tests.Host;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Worker.Tests.Rules;

/// <summary>The route of an HTTP function, as the worker parses it and as the Functions host tries it.</summary>
internal sealed class HostRoute
{
    // Values of parameters: a word, a number, and what the parameter before MLflow's routes takes.
    private static readonly string[] Values = ["a", "1", "api"];
    private static readonly HostRoutes Routes = HostRoutes.Create();
    private static readonly IServiceProvider Services = new ServiceCollection().AddLogging().AddRouting().BuildServiceProvider();

    private readonly string _name;
    private readonly IReadOnlyList<string> _methods;
    private readonly RoutePattern _pattern;
    private readonly Route _route;

    /// <summary>Reads a function's route. The worker parses it with the prefix of host.json before it, a slash between.</summary>
    /// <exception cref="Microsoft.AspNetCore.Routing.Patterns.RoutePatternException">The worker cannot parse it, and answers no request to any function.</exception>
    public HostRoute(string name, IReadOnlyList<string> methods, string template, string prefix = "")
    {
        _pattern = RoutePatternFactory.Parse($"{prefix}/{template}");
        (_name, _methods) = (name, methods);
        _route = Routes.Of(name, methods, $"{prefix}/{template}", _ => Task.CompletedTask);
    }

    /// <summary>Functions whose requests an earlier one takes, in the order of names, ignoring case, though its route is no more specific.</summary>
    /// <returns>One sentence for each pair.</returns>
    public static async Task<IReadOnlyList<string>> HiddenAsync(IEnumerable<HostRoute> routes)
    {
        HostRoute[] sorted = [.. routes.OrderBy(route => route._name, StringComparer.OrdinalIgnoreCase)];
        var hidden = new List<string>();
        for (var later = 1; later < sorted.Length; later++)
        {
            foreach (var first in sorted[..later])
            {
                if (first._pattern.InboundPrecedence >= sorted[later]._pattern.InboundPrecedence && await first.SharedAsync(sorted[later]) is { } shared)
                    hidden.Add($"{first._name} takes {shared} from {sorted[later]._name}.");
            }
        }

        return hidden;
    }

    /// <summary>A request that both would take; null: none was found.</summary>
    private async Task<string?> SharedAsync(HostRoute other)
    {
        var methods = other._methods.Count > 0 ? other._methods : _methods.Count > 0 ? _methods : ["get"];
        string[] words = [.. Literals(_pattern), .. Values];
        foreach (var path in Paths([.. other._pattern.PathSegments], words).Distinct())
        {
            foreach (var method in methods)
            {
                if (await MatchesAsync(method, path) && await other.MatchesAsync(method, path))
                    return $"{method.ToUpperInvariant()} {path}";
            }
        }

        return null;
    }

    private async Task<bool> MatchesAsync(string method, string path)
    {
        var http = new DefaultHttpContext { RequestServices = Services, Request = { Method = method.ToUpperInvariant(), Path = path } };
        var context = new RouteContext(http);
        await _route.RouteAsync(context);
        return context.Handler is not null;
    }

    // Paths of a template: parameters as each of the words, optional ones also left out.
    private static IEnumerable<string> Paths(IReadOnlyList<RoutePatternPathSegment> segments, string[] words) => segments.Aggregate<RoutePatternPathSegment, IEnumerable<string>>(
        [""],
        (paths, segment) => paths.SelectMany(path => Choices(segment, words).Select(choice => choice.Length == 0 ? path : $"{path}/{choice}")))
        .Select(path => path.Length == 0 ? "/" : path);

    private static IEnumerable<string> Choices(RoutePatternPathSegment segment, string[] words) => segment.Parts[^1] switch
    {
        RoutePatternParameterPart { IsCatchAll: true } => [.. words, "", "a/a"],
        RoutePatternParameterPart { IsOptional: true } => [.. words, ""],
        RoutePatternParameterPart => words,
        _ => [string.Concat(segment.Parts.OfType<RoutePatternLiteralPart>().Select(part => part.Content))],
    };

    private static IEnumerable<string> Literals(RoutePattern pattern) =>
        pattern.PathSegments.SelectMany(segment => segment.Parts).OfType<RoutePatternLiteralPart>().Select(part => part.Content);
}
