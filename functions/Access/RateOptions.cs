namespace Larder.Functions;

/// <summary>How many requests one caller may send to one instance.</summary>
public sealed record RateOptions
{
    /// <summary>Requests a second without a number, for callers from elsewhere.</summary>
    private const int Default = 1000;

    /// <summary>
    /// Requests a second; 0 is any number. Empty: 1000, and any number where no key is asked for and only this machine's own users can call (setting
    /// <c>Limits:Rate:PerSecond</c>).
    /// </summary>
    public int? PerSecond { get; init; }

    /// <summary>Requests that may come at once, after a quiet time. Empty: those of two seconds (setting <c>Limits:Rate:Burst</c>).</summary>
    public int? Burst { get; init; }

    /// <summary>Whether this machine's own users are limited too.</summary>
    internal bool IncludesLocal => PerSecond is not null;

    /// <summary>Requests a second; 0 is any number.</summary>
    internal int Rate => PerSecond ?? Default;

    /// <summary>Requests at once.</summary>
    internal int AtOnce => Burst ?? 2 * Rate;

    /// <summary>Checks the values.</summary>
    public void Validate()
    {
        const int most = 1_000_000;
        if (PerSecond is < 0 or > most)
            throw new ArgumentOutOfRangeException(nameof(PerSecond), $"It must be from 0 to {most}; got {PerSecond}.");
        if (Burst is < 1 or > 2 * most)
            throw new ArgumentOutOfRangeException(nameof(Burst), $"It must be from 1 to {2 * most}; got {Burst}.");
    }
}
