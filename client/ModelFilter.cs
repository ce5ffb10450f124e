namespace Larder.Client;

/// <summary>Which models a list has. What is null narrows nothing.</summary>
public sealed class ModelFilter
{
    /// <summary>Owners, any of whom is enough.</summary>
    public IReadOnlyList<string>? Owners { get; init; }

    /// <summary>Tags that a model must have, all of them: <c>key:value</c>, or <c>key</c> for any value.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>True for deleted models that can be restored, in place of those that exist.</summary>
    public bool Deleted { get; init; }
}
