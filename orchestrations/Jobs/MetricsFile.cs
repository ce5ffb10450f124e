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

    /// <exception cref="JsonException">It is something else: what, to follow a colon.</exception>
    public static IReadOnlyDictionary<string, double> Parse(BinaryData json)
    {
        var metrics = new Dictionary<string, double>();
        foreach (var (name, value) in Read(json) ?? throw new JsonException("it must be an object of plain numbers by name, and is null"))
        {
            if (name.Length is 0 or > MaxName || name.Any(char.IsControl) || value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !double.IsFinite(number))
                throw new JsonException($"it must be an object of plain numbers by name, and {Quoted.Text(name)} is none");
            metrics[name] = number;
        }

        return metrics.Count <= MaxMetrics ? metrics : throw new JsonException($"it has more than {MaxMetrics} numbers");
    }

    private static Dictionary<string, JsonElement>? Read(BinaryData json)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(JsonText.Check(json));
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
}
