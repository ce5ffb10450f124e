namespace Larder.Orchestrations.Scoring.Splitting;

/// <summary>Rows that are lines: JSON has no line end inside a line.</summary>
internal sealed class LineScanner : IRowScanner
{
    private const byte LineFeed = (byte)'\n';

    public bool IsInRow { get; private set; }

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
