using Larder.Inference.Limits;

namespace Larder.Functions.Http;

/// <summary>How long a request may be worked on.</summary>
public sealed record RequestTimeoutOptions
{
    /// <summary>
    /// The longest time from a request's last byte to its answer (setting <c>Limits:RequestTimeout</c>). In Azure the load balancer gives up after 230 seconds, whatever the
    /// function does.
    /// </summary>
    [AtLeast("00:00:01")]
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(150);
}
