namespace Larder.Client;

/// <summary>Which jobs a list has. What is null narrows nothing.</summary>
public sealed class JobFilter
{
    /// <summary>States, any of which is enough.</summary>
    public IReadOnlyList<string>? States { get; init; }

    /// <summary>Types, any of which is enough.</summary>
    public IReadOnlyList<string>? Types { get; init; }

    /// <summary>Owners, any of whom is enough.</summary>
    public IReadOnlyList<string>? Owners { get; init; }

    /// <summary>The model that they are about.</summary>
    public string? Model { get; init; }

    /// <summary>The schedule that submitted them.</summary>
    public string? Schedule { get; init; }

    /// <summary>Text that is searched for.</summary>
    public string? Text { get; init; }

    /// <summary>The earliest time of creation.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The latest time of creation.</summary>
    public DateTimeOffset? To { get; init; }
}
