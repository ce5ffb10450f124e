namespace Larder.Registry;

/// <summary>How patient the sweeper is.</summary>
public sealed record SweeperOptions
{
    /// <summary>
    /// How old something must be before the sweeper takes it for a crash's leftover. It must be longer than any upload takes from
    /// its first byte to its last write.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">One of them does.</exception>
    public void Validate() => ArgumentOutOfRangeException.ThrowIfLessThan(Grace, TimeSpan.FromMinutes(1));
}
