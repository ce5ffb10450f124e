namespace Microsoft.DurableTask;

/// <summary>Some of many values.</summary>
/// <param name="values">These.</param>
/// <param name="continuationToken">Where the next page begins; null when this is the last.</param>
public sealed class Page<T>(IReadOnlyList<T> values, string? continuationToken = null)
    where T : notnull
{
    /// <summary>The values of this page.</summary>
    public IReadOnlyList<T> Values { get; } = values;

    /// <summary>Where the next page begins; null when this is the last.</summary>
    public string? ContinuationToken { get; } = continuationToken;
}
