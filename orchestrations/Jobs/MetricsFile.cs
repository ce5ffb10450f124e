using System.Text.Json;

namespace Larder.Orchestrations;

/// <summary><c>metrics.json</c>, as scripts leave it and archives bring it: an object of plain numbers by name.</summary>
internal static class MetricsFile
{
    public const string Name = "metrics.json";

    private const int MaxMetrics = 1000;
    private const int MaxName = 250;
    private const int MaxShown = 60;

    /// <exception cref="JsonException">It is something else: what, to follow a colon.</exception>
    public static IReadOnlyDictionary<string, double> Parse(BinaryData json)
    {
        var metrics = new Dictionary<string, double>();
        foreach (var (name, value) in json.ToObjectFromJson<Dictionary<string, JsonElement>>() ?? throw new JsonException("it must be an object of plain numbers by name, and is null"))
        {
            if (name.Length is 0 or > MaxName || name.Any(char.IsControl) || value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !double.IsFinite(number))
                throw new JsonException($"it must be an object of plain numbers by name, and '{(name.Length <= MaxShown ? name : name[..MaxShown] + " ...")}' is none");
            metrics[name] = number;
        }

        return metrics.Count <= MaxMetrics ? metrics : throw new JsonException($"it has more than {MaxMetrics} numbers");
    }
}
