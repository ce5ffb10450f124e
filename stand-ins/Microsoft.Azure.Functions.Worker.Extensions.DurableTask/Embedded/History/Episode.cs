using System.Text.Json.Serialization;

namespace Microsoft.DurableTask.Embedded;

/// <summary>One turn of an orchestration: what had happened, and what its code then decided. An orchestration's history is its episodes.</summary>
/// <param name="Time">The orchestration's time (UTC) during the turn.</param>
/// <param name="Arrivals">What had happened, in the order in which the code gets to see it.</param>
/// <param name="Decisions">What the code decided.</param>
[JsonConverter(typeof(EpisodeConverter))]
internal sealed record Episode(DateTime Time, IReadOnlyList<Arrival> Arrivals, IReadOnlyList<Decision> Decisions)
{
    private byte[]? json;

    /// <summary>How many events it counts for.</summary>
    public int EventCount => Arrivals.Count + Decisions.Count;

    /// <summary>It as JSON (UTF-8), made once: a document is written many times with the same episodes.</summary>
    public byte[] Json => json ??= EpisodeConverter.Serialize(this);
}
