using Larder.Inference;

namespace Larder.Functions;

/// <summary>How long a request may be worked on.</summary>
public sealed record AnswerLimits
{
    /// <summary>
    /// Seconds from a request's last byte to its answer (setting <c>Limits:AnswerSeconds</c>). In Azure the load balancer gives up after 230, whatever the
    /// function does.
    /// </summary>
    [AtLeast(1)]
    public int AnswerSeconds { get; init; } = 150;
}
