namespace Larder.Registry;

/// <summary>How long upload sessions live, and in which pieces they come (settings <c>Uploads:*</c>).</summary>
public sealed record UploadSessionOptions
{
    /// <summary>How long a session's URL works.</summary>
    public TimeSpan Life { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long after that a session, and what was uploaded, are kept.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromHours(18);

    /// <summary>Bytes of a block, as clients are told; storage takes up to 50,000 blocks of up to 4,000 MiB.</summary>
    public int BlockBytes { get; init; } = 8 << 20;

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">One of them does.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Life, TimeSpan.FromMinutes(1));
        // A URL that is signed by user delegation ends then in any case.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Life, TimeSpan.FromDays(6));
        ArgumentOutOfRangeException.ThrowIfLessThan(Keep, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(BlockBytes, 64 << 10);
    }
}
