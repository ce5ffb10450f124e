using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Tracking;

/// <summary>MLflow's limits and rules for names, with its sentences (mlflow/utils/validation.py).</summary>
public static partial class TrackingRules
{
    /// <summary>The most metrics of a batch.</summary>
    public const int BatchMetrics = 1000;

    /// <summary>The most params, and the most tags, of a batch.</summary>
    public const int BatchParams = 100;

    /// <summary>The most items of a batch together.</summary>
    public const int BatchItems = 1000;

    /// <summary>The most experiments, and the most runs, of a page.</summary>
    public const int PageItems = 50_000;

    /// <summary>The most points of a page of a metric's history.</summary>
    public const int HistoryPoints = 25_000;

    /// <summary>The most runs of a bulk history.</summary>
    public const int HistoryRuns = 100;

    /// <summary>The most steps of a sampled history.</summary>
    public const int SampledSteps = 2500;

    /// <summary>The most characters of a param's value.</summary>
    public const int ParamLength = 6000;

    /// <summary>The most runs, datasets and models that a call may name together.</summary>
    public const int Inputs = 1000;

    private const int BatchBytes = 1_000_000;
    private const int KeyLength = 250;
    private const int TagLength = 8000;
    private const int ExperimentTagLength = 5000;
    private const int ExperimentNameLength = 500;
    private const int LoggedModelNameLength = 500;
    private const int UserLength = 256;
    private const int LocationLength = 256;
    private const int MaxDecodings = 5;

    private static readonly SearchValues<char> NotInLocations = SearchValues.Create("?#;\\");
    private static readonly SearchValues<char> NotInLoggedModelNames = SearchValues.Create("/:.%\"'");

    private static readonly JsonSerializerOptions Shown = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a metric, a param or a tag may have a name.</summary>
    public static bool IsKey(string name) => Keys().IsMatch(name) && name.Length <= KeyLength && IsNormal(name, Normalised(name));

    /// <summary>Refuses a metric's name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="path">What the request calls the metric, as <c>metrics[0]</c>; empty for the request itself.</param>
    /// <exception cref="InvalidRequestException">It is not valid.</exception>
    public static void RequireMetric(string name, string path) => RequireKey(name, Join(path, "name"));

    /// <summary>Refuses a param.</summary>
    /// <inheritdoc cref="RequireMetric"/>
    public static void RequireParam(string key, string value, string path)
    {
        RequireKey(key, Join(path, "key"));
        RequireLength(value, ParamLength, Join(path, "value"));
    }

    /// <summary>Refuses a run's tag.</summary>
    /// <inheritdoc cref="RequireMetric"/>
    public static void RequireTag(string key, string value, string path)
    {
        RequireKey(key, Join(path, "key"));
        RequireLength(value, TagLength, Join(path, "value"));
    }

    /// <summary>Refuses an experiment's tag.</summary>
    /// <inheritdoc cref="RequireMetric"/>
    public static void RequireExperimentTag(string key, string value, string path)
    {
        RequireKey(key, Join(path, "key"));
        RequireLength(value, ExperimentTagLength, Join(path, "value"));
    }

    /// <summary>Refuses an experiment's name.</summary>
    /// <exception cref="InvalidRequestException">It is not valid.</exception>
    public static void RequireExperimentName(string name)
    {
        if (name.Length == 0)
            throw new InvalidRequestException($"Invalid experiment name: '{name}'");
        if (name.Length > ExperimentNameLength)
            throw new InvalidRequestException($"Experiment name exceeds the maximum length of {ExperimentNameLength} characters");
    }

    /// <summary>Refuses a place of artifacts that a client could take for another one: it is kept and handed to clients, which open it.</summary>
    /// <exception cref="InvalidRequestException">It is not valid.</exception>
    public static void RequireArtifactLocation(string location)
    {
        if (location.StartsWith("runs:", StringComparison.OrdinalIgnoreCase))
            throw new InvalidRequestException($"Artifact location cannot be a runs:/ URI. Given: '{location}'");
        RequireLength(location, LocationLength, "artifact_location");
        var decoded = location;
        for (var round = 0; ; round++)
        {
            if (decoded.AsSpan().ContainsAny(NotInLocations) || decoded.Any(char.IsControl) || decoded.Split('/').Contains("..") || round == MaxDecodings)
            {
                throw new InvalidRequestException(
                    $"Invalid artifact location: {Quoted.Text(location)}. It cannot have a query, a fragment, ';', a backslash, control characters or the name '..', percent-encoded neither.");
            }
            var next = Uri.UnescapeDataString(decoded);
            if (next == decoded)
                return;
            decoded = next;
        }
    }

    /// <summary>Refuses the name of a run's user.</summary>
    /// <exception cref="InvalidRequestException">It is not valid.</exception>
    public static void RequireUser(string user) => RequireLength(user, UserLength, "user_id");

    /// <summary>Refuses a logged model's name.</summary>
    /// <exception cref="InvalidRequestException">It is not valid.</exception>
    public static void RequireLoggedModelName(string name)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAny(NotInLoggedModelNames))
        {
            throw new InvalidRequestException(
                $"Invalid model name ({Quoted.Text(name)}) provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")");
        }
        RequireLength(name, LoggedModelNameLength, "name");
    }

    /// <summary>Refuses a text that no run's id can be.</summary>
    /// <exception cref="InvalidRequestException">It is not valid.</exception>
    public static void RequireRunId(string id)
    {
        if (!RunIds().IsMatch(id))
            throw new InvalidRequestException($"Invalid value {Json(id)} for parameter 'run_id' supplied.");
    }

    /// <summary>Refuses a text that no experiment's id can be.</summary>
    /// <exception cref="InvalidRequestException">It is not valid.</exception>
    public static void RequireExperimentId(string id)
    {
        if (!ExperimentIds().IsMatch(id))
            throw new InvalidRequestException($"Invalid experiment ID: '{id}'");
    }

    /// <summary>Refuses a batch that has too much.</summary>
    /// <exception cref="InvalidRequestException">It has more than a batch may have.</exception>
    public static void RequireBatch(int metrics, int parameters, int tags)
    {
        Require("metrics", BatchMetrics, metrics);
        Require("params", BatchParams, parameters);
        Require("tags", BatchParams, tags);
        Require("metrics, params, and tags", BatchItems, metrics + parameters + tags);

        static void Require(string what, int most, int count)
        {
            if (count > most)
                throw new InvalidRequestException($"A batch logging request can contain at most {most} {what}. Got {count} {what}. Please split up {what} across multiple requests and try again.");
        }
    }

    /// <summary>Refuses a batch whose body is too large, before anything of it is read.</summary>
    /// <exception cref="InvalidRequestException">It has more bytes than a batch may have.</exception>
    public static void RequireBatchBytes(int bytes)
    {
        if (bytes > BatchBytes)
            throw new InvalidRequestException($"Batched logging API requests must be at most {BatchBytes} bytes, got a request of size {bytes}.");
    }

    /// <summary>Refuses params of which one is given twice.</summary>
    /// <exception cref="InvalidRequestException">One is given twice.</exception>
    public static void RequireOnce(IEnumerable<string> keys)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var twice = keys.Where(key => !seen.Add(key)).ToList();
        if (twice.Count > 0)
            throw new InvalidRequestException($"Duplicate parameter keys have been submitted: [{string.Join(", ", twice.Select(key => $"'{key}'"))}]. Please ensure the request contains only one param value per param key.");
    }

    /// <summary>Refuses a time before 1970.</summary>
    /// <exception cref="InvalidRequestException">It is negative.</exception>
    public static void RequireTimestamp(long timestamp, string path)
    {
        if (timestamp < 0)
            throw new InvalidRequestException($"Invalid value {timestamp.ToString(CultureInfo.InvariantCulture)} for parameter '{Join(path, "timestamp")}' supplied: Timestamp must be a nonnegative long (64-bit integer).");
    }

    /// <summary>Refuses a text that is too long.</summary>
    /// <exception cref="InvalidRequestException">It is too long.</exception>
    public static void RequireLength(string value, int most, string path)
    {
        if (value.Length > most)
            throw new InvalidRequestException($"'{path}' exceeds the maximum length of {most} characters");
    }

    /// <summary>A metric's value as it is stored: infinities become the largest numbers, as in MLflow's SQL store.</summary>
    public static double Stored(double value) => double.IsInfinity(value) ? (value > 0 ? double.MaxValue : double.MinValue) : value;

    private static void RequireKey(string key, string path)
    {
        if (!Keys().IsMatch(key))
        {
            throw new InvalidRequestException(
                $"Invalid value {Json(key)} for parameter '{path}' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).");
        }
        if (Normalised(key) is var resolved && !IsNormal(key, resolved))
        {
            throw new InvalidRequestException(
                $"Invalid value {Json(key)} for parameter '{path}' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to {Json(resolved)}");
        }
        RequireLength(key, KeyLength, path);
    }

    private static bool IsNormal(string key, string resolved) =>
        resolved == key && resolved is not "." && !resolved.StartsWith("..", StringComparison.Ordinal) && !resolved.StartsWith('/');

    // posixpath.normpath of Python.
    private static string Normalised(string path)
    {
        if (path.Length == 0)
            return ".";
        var root = path.StartsWith('/') ? path.StartsWith("//", StringComparison.Ordinal) && !path.StartsWith("///", StringComparison.Ordinal) ? "//" : "/" : "";
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part is "" or ".")
                continue;
            if (part != ".." || (root.Length == 0 && parts.Count == 0) || (parts.Count > 0 && parts[^1] == ".."))
                parts.Add(part);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
        }
        var joined = root + string.Join('/', parts);
        return joined.Length == 0 ? "." : joined;
    }

    private static string Join(string path, string member) => path.Length == 0 ? member : $"{path}.{member}";

    private static string Json(string text) => JsonSerializer.Serialize(text.Length <= KeyLength ? text : text[..KeyLength] + "...", Shown);

    // \z and not $, which a line feed may follow.
    [GeneratedRegex(@"\A[/\w.\- :]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Keys();

    [GeneratedRegex(@"\A[a-zA-Z0-9][\w\-]{0,255}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RunIds();

    [GeneratedRegex(@"\A[a-zA-Z0-9][\w\-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ExperimentIds();
}
