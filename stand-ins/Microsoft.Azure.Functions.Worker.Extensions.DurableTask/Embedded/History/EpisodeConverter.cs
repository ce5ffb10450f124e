using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Writes episodes from the JSON that they hold already.</summary>
internal sealed class EpisodeConverter : JsonConverter<Episode>
{
    /// <summary>An episode as it is stored.</summary>
    internal sealed record StoredEpisode(DateTime Time, IReadOnlyList<Arrival>? Arrivals, IReadOnlyList<Decision>? Decisions);

    /// <inheritdoc/>
    public override Episode Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var stored = JsonSerializer.Deserialize(ref reader, DurableJson.Stored.StoredEpisode) ?? throw new JsonException("An episode is null.");
        return new(stored.Time, stored.Arrivals ?? [], stored.Decisions ?? []);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Episode value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Json, skipInputValidation: true);

    /// <summary>An episode as JSON (UTF-8). Values that have blobs of their own are references.</summary>
    public static byte[] Serialize(Episode episode)
    {
        var stored = new StoredEpisode(
            episode.Time,
            episode.Arrivals.Count == 0 ? null : [.. episode.Arrivals.Select(arrival => arrival with { Value = arrival.Value?.Reference })],
            episode.Decisions.Count == 0 ? null : [.. episode.Decisions.Select(decision => decision with { Value = decision.Value?.Reference })]);
        return JsonSerializer.SerializeToUtf8Bytes(stored, DurableJson.Stored.StoredEpisode);
    }
}
