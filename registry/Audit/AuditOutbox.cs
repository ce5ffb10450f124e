namespace Larder.Registry.Audit;

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
