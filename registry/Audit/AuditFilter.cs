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
    internal bool Chooses => Actor is not null || To is not null || Subject is { IsPart: true } or { Root: null };

    internal bool Fits(AuditRecord record) =>
        Subject?.Covers(record.Subject) != false
        && (Actor is null || Actor == record.Who)
        && (From is null || record.When >= From)
        && (To is null || record.When < To);
}
