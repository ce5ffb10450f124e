using Larder.Inference.Limits;

namespace Larder.Functions.Access;

/// <summary>How many requests one caller may send to one instance.</summary>
public sealed record RateOptions
{
    /// <summary>Requests a second without a number, for callers from elsewhere.</summary>
    private const int Default = 1000;

    /// <summary>
    /// Requests a second; 0 is any number. Empty: 1000, and any number where no key is asked for and only this machine's own users can call (setting
    /// <c>Limits:Rate:PerSecond</c>).
    /// </summary>
    [Between(0, 1_000_000)]
    public int? PerSecond { get; init; }

    /// <summary>Requests that may come at once, after a quiet time. Empty: those of two seconds (setting <c>Limits:Rate:Burst</c>).</summary>
    [Between(1, 2_000_000)]
    public int? Burst { get; init; }

    /// <summary>Whether this machine's own users are limited too.</summary>
    internal bool IncludesLocal => PerSecond is not null;

    /// <summary>Requests a second; 0 is any number.</summary>
    internal int Rate => PerSecond ?? Default;

    /// <summary>Requests at once.</summary>
    internal int AtOnce => Burst ?? 2 * Rate;
}
