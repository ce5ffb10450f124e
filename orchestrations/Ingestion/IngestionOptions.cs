namespace Larder.Orchestrations;

/// <summary>How patient ingestion is with blobs that are still being written (settings <c>Ingestion:*</c>).</summary>
public sealed record IngestionOptions
{
    /// <summary>How long a blob that may grow must have been as it is; block blobs with content are there whole, and wait for nothing.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a blob may take to be complete, before it is refused.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">One of them does.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Settle, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(Patience, Settle);
    }
}
