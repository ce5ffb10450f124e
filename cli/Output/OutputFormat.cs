namespace Larder.Cli.Output;

/// <summary>How results are printed.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>What the server answered.</summary>
    Json,

    /// <summary>The table's rows, for other programs.</summary>
    Csv,
}
