using CsvHelper;
using Larder.Orchestrations.Scoring.Splitting;

namespace Larder.Orchestrations.Scoring.Rows;

/// <summary>How Larder reads delimited text, of data sets and of predictions.</summary>
public static class CsvText
{
    /// <summary>A reader that takes quotes as RFC 4180 has them, lets pass what has them elsewhere, and takes no row for a header.</summary>
    /// <param name="bytes">UTF-8. What begins as a byte order mark is one.</param>
    /// <param name="delimiter">Between fields.</param>
    public static CsvReader Reader(ReadOnlyMemory<byte> bytes, char delimiter) =>
        CsvReader.Create(bytes, new CsvReaderOptions { Separator = delimiter, HasHeader = false, DetectSeparatorHint = false });

    /// <summary>Whether the text ends in a quote that is not closed: what follows the quote is then one field.</summary>
    public static bool EndsInQuotes(ReadOnlySpan<byte> bytes, char delimiter)
    {
        var scanner = new CsvScanner((byte)delimiter);
        for (var at = 0; at < bytes.Length;)
            at += scanner.Next(bytes[at..]).Passed;
        return scanner.IsInQuotes;
    }
}
