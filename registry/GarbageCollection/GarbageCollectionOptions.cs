using Larder.Inference.Limits;

namespace Larder.Registry.GarbageCollection;

/// <summary>How patient the sweeper is.</summary>
public sealed record GarbageCollectionOptions
{
    /// <summary>
    /// How old something must be before the sweeper takes it for a crash's leftover. It must be longer than any upload takes from
    /// its first byte to its last write.
    /// </summary>
    [AtLeast("00:01:00")]
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromHours(24);
}
