using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Registry.Audit;

/// <summary>One change of a model, a version, an alias, a schedule, a token, a webhook or the settings. It is written once and never changed.</summary>
public sealed record AuditRecord
{
    /// <summary>What changed, as <see cref="AuditSubject"/> names it: <c>model:iris</c>, <c>model:iris:3</c>, <c>model:iris:champion</c>, <c>settings</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>1, 2, 3 ... without a gap: counts the changes of a model with all its versions and aliases, of a schedule, of the settings.</summary>
    public int Revision { get; init; }

    /// <summary>When; never before the revision before it.</summary>
    public required DateTimeOffset When { get; init; }

    /// <summary>Who, where that is known: a caller, <c>schedule:{id}</c>, <c>drop:{path}</c>, <c>deployment</c>.</summary>
    public string? Who { get; init; }

    /// <summary>
    /// Of a model <c>publish</c>, <c>create_model</c>, <c>update</c>, <c>set_alias</c>, <c>delete_alias</c>, <c>set_default</c>, <c>update_version</c>, <c>delete_version</c>, <c>delete_model</c>, <c>restore_version</c>, <c>restore_model</c>, <c>samples_differ</c>, <c>import</c>; of
    /// a schedule <c>create</c>, <c>import</c>, <c>update</c>, <c>pause</c>, <c>resume</c>, <c>run</c>, <c>delete</c>; of a token <c>create</c>, <c>revoke</c>; of a webhook <c>create</c>, <c>update</c>, <c>delete</c>; of settings <c>update</c>.
    /// </summary>
    public required string What { get; init; }

    /// <summary>What it was like before, as far as it changed; null when there was nothing.</summary>
    public JsonElement? Before { get; init; }

    /// <summary>What it is like after, as far as it changed; null when nothing is left.</summary>
    public JsonElement? After { get; init; }

    /// <summary>All of the subject after the change, where no document of its own keeps that: what the next change is told from.</summary>
    [JsonInclude]
    internal JsonElement? State { get; init; }

    /// <summary>True where a publication made the model, or brought its name back; else null.</summary>
    [JsonInclude]
    internal bool? MakesModel { get; init; }

    /// <summary>The tags of a version that changed, each value whole, null where the tag went: <see cref="After"/> has long ones cut. Null where none changed.</summary>
    [JsonInclude]
    internal IReadOnlyDictionary<string, string?>? Tags { get; init; }

    /// <summary>Subject and revision, unique among all records: <c>model:iris/12</c>.</summary>
    [JsonIgnore]
    public string Id => $"{AuditSubject.RootOf(Subject)}/{Revision}";
}

/// <summary>One change of a model, in short: what an operator needs to undo a move. All of it is in the log (<see cref="AuditHistory"/>).</summary>
public sealed record AuditEntry
{
    /// <summary>The number of its record; null for changes from before there was a log.</summary>
    public int? Revision { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset When { get; init; }

    /// <summary>Who, where that is known.</summary>
    public string? Who { get; init; }

    /// <summary>
    /// <c>publish</c>, <c>create_model</c>, <c>update</c>, <c>set_alias</c>, <c>delete_alias</c>, <c>set_default</c>, <c>update_version</c>, <c>delete_version</c>, <c>delete_model</c>, <c>restore_version</c>, <c>restore_model</c> or <c>samples_differ</c>.
    /// </summary>
    public required string What { get; init; }

    /// <summary>The alias that moved; <c>default</c> for what an unversioned request gets.</summary>
    public string? Alias { get; init; }

    /// <summary>The version before: that the alias pointed at, or that was deleted.</summary>
    public int? From { get; init; }

    /// <summary>The version after: that the alias points at, or that was published.</summary>
    public int? To { get; init; }
}

/// <summary>
/// The records of a document's changes that may not be in the log yet. It is part of the document, so a change and its record are one write; the log follows
/// (<see cref="AuditLog"/>).
/// </summary>
internal sealed record AuditOutbox
{
    /// <summary>The revision of the newest record.</summary>
    public int Last { get; init; }

    /// <summary>Its time.</summary>
    public DateTimeOffset? Newest { get; init; }

    /// <summary>In order. All others, up to <see cref="Last"/>, are in the log.</summary>
    public IReadOnlyList<AuditRecord> Records { get; init; } = [];

    /// <summary>Adds a record, and gives it its number. Clocks of hosts differ, times of records go forward only.</summary>
    public AuditOutbox Add(AuditRecord record)
    {
        var when = record.When < Newest ? Newest.Value : record.When;
        return new AuditOutbox { Last = Last + 1, Newest = when, Records = [.. Records, record with { Revision = Last + 1, When = when }] };
    }
}
