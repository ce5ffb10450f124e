namespace Larder.Orchestrations.Scoring.Splitting;

/// <summary>Finds where rows begin and end in bytes that come in pieces. Blank lines are no rows.</summary>
internal interface IRowScanner
{
    /// <summary>Whether a row has begun and not ended.</summary>
    bool IsInRow { get; }

    /// <summary>Goes on to the next beginning or end of a row.</summary>
    /// <param name="bytes">What comes next.</param>
    /// <returns>How many of them were passed, and what is there; all of them, and nothing, when neither is.</returns>
    (int Passed, RowEdge Edge) Next(ReadOnlySpan<byte> bytes);
}
