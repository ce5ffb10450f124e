using Larder.Registry.Audit;

namespace Larder.Registry.Models;

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
    /// <c>publish</c>, <c>update</c>, <c>set_alias</c>, <c>delete_alias</c>, <c>set_default</c>, <c>delete_version</c> or <c>delete_model</c>.
    /// </summary>
    public required string What { get; init; }

    /// <summary>The alias that moved; <c>default</c> for what an unversioned request gets.</summary>
    public string? Alias { get; init; }

    /// <summary>The version before: that the alias pointed at, or that was deleted.</summary>
    public int? From { get; init; }

    /// <summary>The version after: that the alias points at, or that was published.</summary>
    public int? To { get; init; }
}
