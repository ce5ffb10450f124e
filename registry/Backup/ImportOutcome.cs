using System.Text.Json.Serialization;

namespace Larder.Registry.Backup;

/// <summary>What an import does with a model or a schedule of its archive.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImportOutcome>))]
public enum ImportOutcome
{
    /// <summary>It was not here.</summary>
    [JsonStringEnumMemberName("created")] Created,

    /// <summary>It had been deleted here, and comes back.</summary>
    [JsonStringEnumMemberName("restored")] Restored,

    /// <summary>It is here, with the same content.</summary>
    [JsonStringEnumMemberName("unchanged")] Unchanged,

    /// <summary>It is here with other content, which stays.</summary>
    [JsonStringEnumMemberName("skipped")] Skipped,

    /// <summary>It was changed here while the import ran: what is here stays.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}
