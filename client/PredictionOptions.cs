namespace Larder.Client;

/// <summary>What else is said of a prediction. What is null is not said.</summary>
public sealed class PredictionOptions
{
    /// <summary>The number of classes with the highest scores that replace the scores of each row.</summary>
    public int? Top { get; init; }

    /// <summary><c>softmax</c> or <c>sigmoid</c>, of raw scores.</summary>
    public string? Activation { get; init; }

    /// <summary>The output that <see cref="Top"/> and <see cref="Activation"/> are for.</summary>
    public string? Output { get; init; }

    /// <summary>Seconds within which the answer is wanted.</summary>
    public double? Timeout { get; init; }

    /// <summary>Whether the first row of CSV has the names of the columns; true where it is not said.</summary>
    public bool? Header { get; init; }

    /// <summary>Whether the columns of CSV are in the model's order, whatever their names are.</summary>
    public bool? ByPosition { get; init; }
}
