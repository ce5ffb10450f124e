namespace Larder.Orchestrations.Scoring.Splitting;

/// <summary>Finds where rows begin and end in bytes that come in pieces. Blank lines are no rows.</summary>
internal interface IRowScanner
{
    /// <summary>Whether a row has begun and not ended.</summary>
    bool IsInRow { get; }

    /// <summary>Whether a quote is open.</summary>
    bool IsInQuotes { get; }

    /// <summary>Line feeds in quotes of this row.</summary>
    long QuotedLines { get; }

    /// <summary>Goes on to the next beginning or end of a row.</summary>
    /// <param name="bytes">What comes next.</param>
    /// <returns>How many of them were passed, and what is there; all of them, and nothing, when neither is.</returns>
    (int Passed, RowEdge Edge) Next(ReadOnlySpan<byte> bytes);
}

/// <summary>What a scanner of rows has come to.</summary>
internal enum RowEdge
{
    /// <summary>The end of what it was given.</summary>
    None,

    /// <summary>The first byte of a row, not passed yet.</summary>
    Start,

    /// <summary>The end of a row, behind the first character of its line end.</summary>
    End,
}

/// <summary>Rows that are lines: JSON has no line end inside a line.</summary>
internal sealed class LineScanner : IRowScanner
{
    private const byte LineFeed = (byte)'\n';

    public bool IsInRow { get; private set; }

    public bool IsInQuotes => false;

    public long QuotedLines => 0;

    public (int Passed, RowEdge Edge) Next(ReadOnlySpan<byte> bytes)
    {
        if (!IsInRow)
        {
            var start = bytes.IndexOfAnyExcept(LineFeed, (byte)'\r');
            if (start < 0)
                return (bytes.Length, RowEdge.None);
            IsInRow = true;
            return (start, RowEdge.Start);
        }

        var end = bytes.IndexOf(LineFeed);
        if (end < 0)
            return (bytes.Length, RowEdge.None);
        IsInRow = false;
        return (end + 1, RowEdge.End);
    }
}
