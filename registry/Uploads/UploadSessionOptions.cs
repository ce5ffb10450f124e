using Larder.Inference.Limits;

namespace Larder.Registry.Uploads;

/// <summary>How long upload sessions live, and in which pieces they come (settings <c>Uploads:*</c>).</summary>
public sealed record UploadSessionOptions
{
    /// <summary>How long a session's URL works. One that is signed by user delegation ends after a week in any case.</summary>
    [Between("00:01:00", "6.00:00:00")]
    public TimeSpan Ttl { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long after that a session, and what was uploaded, are kept.</summary>
    [AtLeast("00:00:00")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromHours(18);

    /// <summary>Bytes of a block, as clients are told; storage takes up to 50,000 blocks of up to 4,000 MiB.</summary>
    [AtLeast(64 << 10)]
    public int BlockBytes { get; init; } = 8 << 20;
}
