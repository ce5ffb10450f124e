using System.Globalization;
using Larder.Functions.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>Reads query strings strictly: a parameter that the route does not know, that is given twice, or whose value is of another kind, is 422.</summary>
internal static class QueryParameters
{
    private const int MaxText = 200;

    // A key or token (Access/Credential), which every route may be given.
    private const string KeyParameter = "code";

    private static readonly string[] Times = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Refuses parameters that a route does not know, and those that are given twice.</summary>
    /// <exception cref="InvalidRequestException">There is such a parameter.</exception>
    public static void RequireKnown(HttpRequest request, params ReadOnlySpan<string> known)
    {
        foreach (var (name, values) in request.Query)
        {
            if (name == KeyParameter)
                continue;
            if (!known.Contains(name))
            {
                var takes = known.Length == 0 ? "none is" : $"{string.Join(", ", known)} {(known.Length == 1 ? "is" : "are")}";
                throw new InvalidRequestException($"The parameter '{RequestText.Shown(name)}' is not known here; {takes}.");
            }
            if (values.Count > 1)
                throw new InvalidRequestException($"The parameter {name} is given {values.Count} times; once is enough.");
        }
    }

    /// <summary>A parameter's text; null when it is absent or empty.</summary>
    public static string? Text(HttpRequest request, string name) => request.Query[name] is [{ Length: > 0 } text] ? text : null;

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

    /// <summary>The type of a job, from <c>?type=</c>.</summary>
    /// <exception cref="InvalidRequestException">There is no such type of job.</exception>
    public static string? Type(HttpRequest request)
    {
        var type = Text(request, "type");
        return type is null || JobTypes.All.Any(known => known.Type == type)
            ? type
            : throw new InvalidRequestException($"type must be {string.Join(" or ", JobTypes.All.Select(known => known.Type))}.");
    }

    /// <summary>A filter of jobs, from <c>?state=&amp;type=&amp;model=&amp;schedule=&amp;text=&amp;from=&amp;to=</c>.</summary>
    /// <exception cref="InvalidRequestException">A value is of another kind.</exception>
    public static JobFilter Filter(HttpRequest request)
    {
        var model = Model(request);
        var text = Text(request, "text");
        if (text?.Length > MaxText)
            throw new InvalidRequestException($"text can have at most {MaxText} characters.");
        return new JobFilter
        {
            States = Text(request, "state")?.Split(',').Select(State).ToHashSet(),
            Type = Type(request),
            Model = model,
            Schedule = Schedule(request),
            Text = text,
            From = Time(request, "from"),
            To = Time(request, "to"),
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

    /// <summary>A parameter's date, or date and time.</summary>
    /// <exception cref="InvalidRequestException">It is neither a date nor a time.</exception>
    public static DateTimeOffset? Time(HttpRequest request, string name)
    {
        if (Text(request, name) is not { } text)
            return null;
        return DateTimeOffset.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new InvalidRequestException($"{name} must be a date or a time as in 2026-01-31 or 2026-01-31T12:00:00Z (a + is written %2B).");
    }
}
