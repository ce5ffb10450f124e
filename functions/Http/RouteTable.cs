using System.Collections.Frozen;
using System.ComponentModel;
using System.Reflection;
using Larder.Functions.Access;
using Larder.Functions.MLflow;
using Larder.Functions.OpenApi;
using Larder.Functions.Operations;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>The routes of this app, read from the functions' own declarations, so that help cannot drift from the code.</summary>
public sealed class RouteTable
{
    /// <summary>One HTTP function.</summary>
    /// <param name="Methods">HTTP methods, upper case.</param>
    /// <param name="Path">Route template with a leading slash.</param>
    /// <param name="Role">The least role that a caller needs.</param>
    /// <param name="Summary">One line on what it does.</param>
    /// <param name="Function">The function's name.</param>
    /// <param name="Declaration">The method, whose attributes say the rest.</param>
    public sealed record Entry(IReadOnlyList<string> Methods, string Path, Role Role, string Summary, string Function, MethodInfo Declaration);

    // What callers leave out, or say too much.
    private static readonly string[] Prefixes = ["", "/api/v1", "/api"];

    private readonly IReadOnlyList<Entry> _all =
    [
        .. from function in FunctionMethods.OfThisApp
           let trigger = function.Trigger
           where trigger is { Methods.Length: > 0 }
           let methods = trigger.Methods
           let path = trigger.Route == Greeting.Root ? "/" : $"/{MLflowRoutes.Shown(trigger.Route!)}"
           orderby path, methods[0]
           select new Entry(
               // HEAD is wherever GET is.
               [.. methods.Select(m => m.ToUpperInvariant()).Where(m => m != HttpMethods.Head)],
               path,
               // Without one the host does not start (FunctionAccess).
               function.Declaration.GetCustomAttribute<RequiresAttribute>()!.Role,
               function.Declaration.GetCustomAttribute<DescriptionAttribute>()?.Description ?? "",
               function.Name,
               function.Declaration),
    ];

    private readonly FrozenDictionary<string, string> _templates;
    private readonly FrozenDictionary<string, IReadOnlyList<string>?> _queries;

    /// <summary>Reads the declarations.</summary>
    public RouteTable()
    {
        (Entries, Pages) = ([.. _all.Where(entry => !IsPage(entry))], [.. _all.Where(IsPage)]);
        _templates = _all.ToFrozenDictionary(entry => entry.Function, entry => entry.Path);
        _queries = _all.ToFrozenDictionary(entry => entry.Function, entry => entry.Declaration.GetCustomAttribute<QueryAttribute>()?.Names);

        static bool IsPage(Entry entry) => new PathString(entry.Path).StartsWithSegments(BrowserSessions.Pages);
    }

    /// <summary>All routes of the API, by path.</summary>
    public IReadOnlyList<Entry> Entries { get; }

    /// <summary>The routes of the web pages and of the forms on them, by path. They are no part of the API: they change as the pages do.</summary>
    public IReadOnlyList<Entry> Pages { get; }

    /// <summary>The methods that a path answers to; empty when no route has it.</summary>
    public IEnumerable<string> MethodsOf(string path) =>
        _all.Where(entry => Matches(entry.Path, MLflowRoutes.Plain(path))).SelectMany(entry => entry.Methods).SelectMany(IEnumerable<string> (method) => method == HttpMethods.Get ? [method, HttpMethods.Head] : [method]).Distinct();

    /// <summary>The template of a function's route; null when it has none of its own.</summary>
    public string? TemplateOf(string function) => _templates.GetValueOrDefault(function);

    /// <summary>The query parameters that a function takes; null when its query is not checked.</summary>
    public IReadOnlyList<string>? QueryOf(string function) => _queries.GetValueOrDefault(function);

    /// <summary>The route that a caller may have meant by a path that no route has; null when none is near.</summary>
    /// <param name="method">The request's method: of routes that are as near, one that has it.</param>
    /// <param name="path">The path.</param>
    public Entry? NearestTo(string method, string path) => Prefixes
        .Where(prefix => prefix.Length == 0 || !path.StartsWith("/api/v1/", StringComparison.OrdinalIgnoreCase))
        .SelectMany(prefix => Entries.Select(entry => (Entry: entry, Distance: Distance(entry.Path, prefix + MLflowRoutes.Plain(path)), IsLonger: prefix.Length > 0)))
        .Where(near => near.Distance is not null)
        .OrderBy(near => near.Distance)
        .ThenBy(near => near.IsLonger)
        .ThenBy(near => near.Entry.Methods.Contains(method) ? 0 : 1)
        .FirstOrDefault().Entry;

    // How many letters of the literal segments differ; null when a segment is too different, or when there are more or fewer segments.
    private static int? Distance(string template, string path)
    {
        var (wanted, given) = (template.Split('/'), path.TrimEnd('/').Split('/'));
        if (wanted.Length != given.Length)
            return null;
        var sum = (int?)0;
        foreach (var (segment, own) in wanted.Zip(given))
            sum += segment is ['{', ..] ? (Fits(segment, own) ? 0 : null) : NearestName.Distance(own, segment);
        return sum;
    }

    // A segment with parameters: one, or two with a colon between them.
    private static bool Fits(string template, string given)
    {
        var colon = given.LastIndexOf(':');
        return template.Contains("}:{", StringComparison.Ordinal) ? colon > 0 && colon < given.Length - 1 : given.Length > 0;
    }

    private static bool Matches(string template, string path)
    {
        var wanted = template.Split('/');
        var given = path.TrimEnd('/').Split('/');
        var rest = wanted[^1].StartsWith("{*", StringComparison.Ordinal);
        return (rest ? wanted.Length <= given.Length : wanted.Length == given.Length)
            && wanted.Zip(given).All(pair => pair.First is ['{', ..] ? Fits(pair.First, pair.Second) : string.Equals(pair.First, pair.Second, StringComparison.OrdinalIgnoreCase));
    }
}
