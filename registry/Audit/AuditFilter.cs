using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Audit;

/// <summary>Which records a list has: those that fit all that is not null.</summary>
public sealed record AuditFilter
{
    /// <summary>What changed.</summary>
    public AuditSubject? Subject { get; init; }

    /// <summary>Who changed it, as it is.</summary>
    public string? Actor { get; init; }

    /// <summary>The earliest time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The time before which.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Whether some records of the partitions that are read may not fit.</summary>
    internal bool IsSelective => Actor is not null || To is not null || Subject is { IsPart: true } or { Root: null };

    internal bool Matches(AuditRecord record) =>
        Subject?.Covers(record.Subject) != false
        && (Actor is null || Actor == record.Who)
        && (From is null || record.When >= From)
        && (To is null || record.When < To);
}

/// <summary>How far a list of records is: what its cursor says.</summary>
/// <param name="Partition">Which partition.</param>
/// <param name="Continuation">The store's, of the page of documents; null for the first.</param>
/// <param name="After">The id of the last document of that page that is done with; empty for none.</param>
internal readonly record struct AuditPosition(string Partition, string? Continuation = null, string After = "")
{
    private const string CursorKind = "audit:";

    // In no partition's name, in no id, and in no continuation, which is URL-safe Base64.
    private const char Separator = '|';

    /// <summary>As clients get it.</summary>
    public string Write() => Cursors.Write(CursorKind, string.Join(Separator, Partition, Continuation, After));

    /// <summary>What a client's cursor says.</summary>
    /// <param name="cursor">The cursor.</param>
    /// <param name="isPartition">Whether the list goes through a partition.</param>
    /// <exception cref="InvalidRequestException">It is no cursor of this list.</exception>
    public static AuditPosition Read(string cursor, Func<string, bool> isPartition)
    {
        var position = Cursors.Read(CursorKind, cursor, text => text.Split(Separator) is [var partition, _, _] && isPartition(partition)).Split(Separator);
        return new AuditPosition(position[0], position[1].Length > 0 ? position[1] : null, position[2]);
    }
}
