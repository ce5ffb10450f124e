namespace Larder.Client;

/// <summary>What a search finds, and how hits are ranked. What is null narrows and ranks nothing.</summary>
public sealed class SearchFilter
{
    /// <summary>Kinds, any of which is enough: <c>model</c>, <c>version</c>, <c>dataset</c>, <c>run</c>, <c>job</c>.</summary>
    public IReadOnlyList<string>? Kinds { get; init; }

    /// <summary>A filter in MLflow's grammar, such as <c>state = 'FAILED' AND tags.team = 'botany'</c>.</summary>
    public string? Filter { get; init; }

    /// <summary>What comes first, such as <c>updated DESC</c>; null for the highest score.</summary>
    public string? Order { get; init; }

    /// <summary>The metric that counts in the score.</summary>
    public string? Metric { get; init; }

    /// <summary><c>max</c> when more of the metric is better, <c>min</c> when less is.</summary>
    public string? Direction { get; init; }
}
