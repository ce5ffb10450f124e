namespace Larder.Registry;

/// <summary>How long predictions rely on what was read before.</summary>
public sealed record CatalogOptions
{
    /// <summary>From this age on, an answer is still used, and read again in the background (setting <c>Cache:Fresh</c>).</summary>
    public TimeSpan Fresh { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From this age on, an answer is read again first; it is used only if the store does not answer.</summary>
    public TimeSpan Usable { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long it is remembered that a reference stands for nothing.</summary>
    public TimeSpan Missing { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The most references to remember; as many missing ones besides.</summary>
    public int MaxReferences { get; init; } = 10_000;

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">One of them does.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Fresh, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(Usable, Fresh);
        ArgumentOutOfRangeException.ThrowIfLessThan(Missing, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxReferences, 1);
    }
}
