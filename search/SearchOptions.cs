using Larder.Inference.Limits;

namespace Larder.Search;

/// <summary>How much each part of a hit's score counts (section <c>Search:Weights</c>). A part is 0 to 1; what counts is how the weights compare with each other.</summary>
public sealed record SearchWeights
{
    /// <summary>How well the texts fit what was typed (setting <c>Search:Weights:Text</c>).</summary>
    [Between(0, 1000)]
    public double Text { get; init; } = 10;

    /// <summary>How lately it was changed: half after thirty days (setting <c>Search:Weights:Recency</c>).</summary>
    [Between(0, 1000)]
    public double Recency { get; init; } = 2;

    /// <summary>How many jobs have used it (setting <c>Search:Weights:Use</c>).</summary>
    [Between(0, 1000)]
    public double Use { get; init; } = 1;

    /// <summary>What callers think of the model (setting <c>Search:Weights:Rating</c>).</summary>
    [Between(0, 1000)]
    public double Rating { get; init; } = 2;

    /// <summary>The metric that the search names, among the hits that have it (setting <c>Search:Weights:Metric</c>).</summary>
    [Between(0, 1000)]
    public double Metric { get; init; } = 5;
}
