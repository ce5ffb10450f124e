using System.Text.Json;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Jobs;

/// <summary><c>metrics.json</c>, as scripts leave it and archives bring it: an object of plain numbers by name.</summary>
internal static class MetricsFile
{
    public const string Name = "metrics.json";

    private const int MaxMetrics = 1000;
    private const int MaxName = 250;

    /// <summary>The metrics of a file, and the names of those that were left out, since their values are no finite numbers.</summary>
    public sealed record Result(IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<string> Dropped)
    {
        /// <summary>What was left out, in a sentence; null when nothing was.</summary>
        public string? Note => Dropped.Count == 0 ? null : $"{Name} has values that are not finite numbers, which were left out: {MessageFormat.List(Dropped)}.";
    }

    /// <exception cref="JsonException">It is no object of values by name: what it is, to follow a colon.</exception>
    public static Result Parse(BinaryData json)
    {
        var (metrics, dropped) = (new Dictionary<string, double>(), new List<string>());
        foreach (var (name, value) in Read(json) ?? throw new JsonException("it must be an object of plain numbers by name, and is null"))
        {
            if (name.Length is 0 or > MaxName || name.Any(char.IsControl) || value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !double.IsFinite(number))
                dropped.Add(name);
            else
                metrics[name] = number;
        }

        return metrics.Count <= MaxMetrics ? new Result(metrics, dropped) : throw new JsonException($"it has more than {MaxMetrics} numbers");
    }

    private static Dictionary<string, JsonElement>? Read(BinaryData json)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(JsonText.Check(WithoutBareWords(json)));
        }
        catch (InvalidRequestException e)
        {
            throw new JsonException(e.Message.TrimEnd('.'));
        }
        catch (JsonException e)
        {
            // Its own words name types of .NET.
            throw new JsonException($"it must be an object of plain numbers by name, and is not (line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1})");
        }
    }

    /// <summary>
    /// The same text with an empty string, of the same length with its spaces, for each <c>NaN</c> and <c>Infinity</c>: Python's <c>json.dump</c> writes them, and JSON
    /// has no such words. Then only that value is left out.
    /// </summary>
    private static byte[] WithoutBareWords(BinaryData json)
    {
        var bytes = json.ToArray();
        var isText = false;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (isText && bytes[i] == '\\')
                i++;
            else if (bytes[i] == '"')
                isText = !isText;
            else if (!isText && BareWord(bytes.AsSpan(i)) is > 0 and var length)
            {
                "\"\"       "u8[..length].CopyTo(bytes.AsSpan(i));
                i += length - 1;
            }
        }

        return bytes;
    }

    private static int BareWord(ReadOnlySpan<byte> json) =>
        json.StartsWith("NaN"u8) ? 3 : json.StartsWith("Infinity"u8) ? 8 : json.StartsWith("-Infinity"u8) ? 9 : 0;
}
