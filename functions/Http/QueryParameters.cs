using System.Globalization;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>Reads query strings strictly: a parameter that the route does not know, that is given twice where one value is taken, or whose value is of another kind, is 422.</summary>
internal static class QueryParameters
{
    private const int MaxText = 200;

    // A key or token (Access/Credential), which every route may be given.
    private const string KeyParameter = "code";

    // For a search grammar that lists will have: until then no route may give it a meaning of its own.
    private const string Reserved = "filter";

    private const string Date = "yyyy-MM-ddK";

    private static readonly string[] Times = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Refuses parameters that a route does not know, and those that are given twice.</summary>
    /// <exception cref="InvalidRequestException">There is such a parameter.</exception>
    public static void RequireKnown(HttpRequest request, params IReadOnlyList<string> known)
    {
        if (!request.QueryString.HasValue)
            return;
        foreach (var (name, values) in request.Query)
        {
            if (name == KeyParameter)
                continue;
            if (!known.Contains(name))
            {
                var takes = known.Count == 0 ? "none is" : $"{string.Join(", ", known)} {(known.Count == 1 ? "is" : "are")}";
                throw new InvalidRequestException(name == Reserved
                    ? $"The parameter {Reserved} is reserved for a search grammar, which this release does not have. Of parameters, {takes} known here."
                    : $"The parameter '{RequestText.Shown(name)}' is not known here; {takes}.");
            }
            if (values.Count > 1 && Parameter.Query.GetValueOrDefault(name)?.IsRepeatable != true)
                throw new InvalidRequestException($"The parameter {name} is given {values.Count} times; once is enough.");
        }
    }

    /// <summary>A parameter's text; null when it is absent or empty.</summary>
    public static string? Text(HttpRequest request, string name) => request.Query[name] is [{ Length: > 0 } text] ? text : null;

    /// <summary>All texts of a parameter that may be repeated; empty when it is absent.</summary>
    public static IReadOnlyList<string> Texts(HttpRequest request, string name) => [.. request.Query[name].Where(text => text is { Length: > 0 }).Select(text => text!)];

    /// <summary>A parameter's whole number.</summary>
    /// <exception cref="InvalidRequestException">It is not a whole number, or out of range.</exception>
    public static long? Number(HttpRequest request, string name, long least, long most)
    {
        if (Text(request, name) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new InvalidRequestException($"{name} must be a whole number from {least} to {most}.");
    }

    /// <summary>The name of a model, from <c>?model=</c>; null when it is absent or empty.</summary>
    /// <exception cref="InvalidRequestException">It can be no model's name.</exception>
    public static ModelName? Model(HttpRequest request) => Text(request, "model") is { } model ? ModelName.Parse(model) : null;

    /// <summary>Types of jobs, from <c>?type=</c>, separated by commas or repeated; null for all.</summary>
    /// <exception cref="InvalidRequestException">There is no such type of job.</exception>
    public static IReadOnlyCollection<string>? Types(HttpRequest request)
    {
        var types = Several(request, "type");
        return types?.All(type => JobTypes.All.Any(known => known.Type == type)) != false
            ? types
            : throw new InvalidRequestException($"type must be one or more, separated by commas, of {string.Join(", ", JobTypes.All.Select(known => known.Type))}.");
    }

    private static string[]? Several(HttpRequest request, string name) =>
        Texts(request, name) is { Count: > 0 } texts ? [.. texts.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries))] : null;

    /// <summary>A filter of jobs, from <c>?state=&amp;type=&amp;owner=&amp;model=&amp;schedule=&amp;text=&amp;from=&amp;to=</c>.</summary>
    /// <exception cref="InvalidRequestException">A value is of another kind.</exception>
    public static JobFilter Filter(HttpRequest request)
    {
        var model = Model(request);
        var text = Text(request, "text");
        if (text?.Length > MaxText)
            throw new InvalidRequestException($"text can have at most {MaxText} characters.");
        return new JobFilter
        {
            States = Several(request, "state")?.Select(State).ToHashSet(),
            Types = Types(request),
            Owners = Texts(request, "owner") is { Count: > 0 } owners ? owners : null,
            Model = model,
            Schedule = Schedule(request),
            Text = text,
            From = Time(request, "from"),
            To = EndTime(request, "to"),
        };
    }

    private static string? Schedule(HttpRequest request) => Text(request, "schedule") switch
    {
        null => null,
        var id when JobId.IsValid(id) => id,
        _ => throw new InvalidRequestException("schedule must be the id of a schedule."),
    };

    private static JobState State(string text) => WireNames.All<JobState>().TryGetValue(text, out var state)
        ? state
        : throw new InvalidRequestException($"state must be one or more, separated by commas, of {string.Join(", ", WireNames.All<JobState>().Keys)}.");

    /// <summary>The time at which a parameter's time, or the day of its date, begins; UTC unless it has an offset.</summary>
    /// <exception cref="InvalidRequestException">It is neither a date nor a time.</exception>
    public static DateTimeOffset? Time(HttpRequest request, string name) => Read(request, name)?.Time;

    /// <summary>The time before which a list with <c>?to=</c> ends: the parameter's time, or the end of the day of its date.</summary>
    /// <inheritdoc cref="Time"/>
    public static DateTimeOffset? EndTime(HttpRequest request, string name) => Read(request, name) switch
    {
        null => null,
        (var time, true) when time < DateTimeOffset.MaxValue.AddDays(-2) => time.AddDays(1),
        var (time, _) => time,
    };

    private static (DateTimeOffset Time, bool IsDate)? Read(HttpRequest request, string name)
    {
        if (Text(request, name) is not { } text)
            return null;
        var isDate = DateTimeOffset.TryParseExact(text, Date, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time);
        return isDate || DateTimeOffset.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time)
            ? (time, isDate)
            : throw new InvalidRequestException($"{name} must be a date or a time as in 2026-01-31 or 2026-01-31T12:00:00Z (a + is written %2B).");
    }
}
