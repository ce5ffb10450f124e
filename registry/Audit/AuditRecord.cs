using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Registry.Audit;

/// <summary>One change of a model, a version, an alias, a schedule, a token or the settings. It is written once and never changed.</summary>
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
    /// Of a model <c>publish</c>, <c>update</c>, <c>set_alias</c>, <c>delete_alias</c>, <c>set_default</c>, <c>delete_version</c>, <c>delete_model</c>, <c>import</c>; of
    /// a schedule <c>create</c>, <c>import</c>, <c>update</c>, <c>pause</c>, <c>resume</c>, <c>run</c>, <c>delete</c>; of a token <c>create</c>, <c>revoke</c>; of settings <c>update</c>.
    /// </summary>
    public required string What { get; init; }

    /// <summary>What it was like before, as far as it changed; null when there was nothing.</summary>
    public JsonElement? Before { get; init; }

    /// <summary>What it is like after, as far as it changed; null when nothing is left.</summary>
    public JsonElement? After { get; init; }

    /// <summary>All of the subject after the change, where no document of its own keeps that: what the next change is told from.</summary>
    [JsonInclude]
    internal JsonElement? State { get; init; }

    /// <summary>Subject and revision, unique among all records: <c>model:iris/12</c>.</summary>
    [JsonIgnore]
    public string Id => $"{AuditSubject.RootOf(Subject)}/{Revision}";
}
