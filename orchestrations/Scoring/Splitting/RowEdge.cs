namespace Larder.Orchestrations.Scoring.Splitting;

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
