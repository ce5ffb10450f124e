using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Larder.Inference.Tensors;
using Larder.Orchestrations.Scoring.Splitting;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Scoring.Rows;

/// <summary>What the beginning of a data set says: its columns, and where its rows begin.</summary>
/// <param name="Columns">Columns of CSV, in order; members of the first line of JSON, with what each is.</param>
/// <param name="DataStart">Where the first row begins, or anything before it.</param>
internal sealed record DatasetHead(IReadOnlyList<(string Name, JsonTokenType Kind)> Columns, int DataStart)
{
    /// <summary>Reads the header, or the first row.</summary>
    /// <param name="head">The first bytes, as many as a row and a byte order mark may have, or all there are.</param>
    /// <param name="size">Bytes of the data set.</param>
    /// <param name="format">What it is.</param>
    /// <param name="limits">How long a row may be, and how many columns there may be.</param>
    /// <exception cref="InvalidRequestException">It cannot be read: why.</exception>
    public static DatasetHead Read(ReadOnlyMemory<byte> head, long size, DatasetFormat format, ScoringLimits limits)
    {
        var mark = ByteOrderMark(head.Span);
        var place = format is { IsCsv: true, HasHeader: true } ? "header" : "first row";
        var (start, end) = FirstRow(head.Span, mark, size, format, place, limits);
        var first = head[start..end];
        if (!Utf8.IsValid(first.Span))
            throw new InvalidRequestException($"The {place} is not valid UTF-8: is this a text file?");
        if (first.Span.Contains((byte)0))
            throw new InvalidRequestException($"The {place} has a NUL byte: is this a text file?");
        return new DatasetHead(format.IsCsv ? Header(first, format, place, limits) : Members(first, limits), format is { IsCsv: true, HasHeader: true } ? end : mark);
    }

    private static int ByteOrderMark(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            throw new InvalidRequestException("The data set is UTF-16; it must be UTF-8.");
        return head.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
    }

    private static (int Start, int End) FirstRow(ReadOnlySpan<byte> head, int mark, long size, DatasetFormat format, string place, ScoringLimits limits)
    {
        var scanner = format.Scanner();
        var (passed, edge) = scanner.Next(head[mark..]);
        var start = mark + passed;
        if (edge != RowEdge.Start)
            throw new InvalidRequestException(head.Length < size ? TooLong() : "The data set is empty.");
        var end = start;
        do
        {
            (passed, edge) = scanner.Next(head[end..]);
            end += passed;
        }
        while (edge != RowEdge.End && end < head.Length);
        if (edge == RowEdge.End)
            return (start, end);
        if (head.Length < size)
            throw new InvalidRequestException(TooLong());
        return scanner.IsInQuotes ? throw new InvalidRequestException($"The {place} {DatasetSplitter.NotClosed(scanner)}") : (start, end);

        string TooLong() => FormattableString.Invariant(
            $"The {place} is longer than {limits.RowBytes} bytes (Limits:Scoring:RowBytes). Is a quote not closed, or are the line ends missing?");
    }

    private static List<(string Name, JsonTokenType Kind)> Header(ReadOnlyMemory<byte> row, DatasetFormat format, string place, ScoringLimits limits)
    {
        using var reader = CsvText.Reader(row, format.Delimiter);
        if (!reader.Read())
            throw new InvalidRequestException("The data set is empty.");
        RequireColumns(reader.FieldCount, $"The {place}", limits);
        return [.. Enumerable.Range(0, reader.FieldCount).Select(i => (format.HasHeader ? reader.GetString(i) : FormattableString.Invariant($"{i + 1}"), JsonTokenType.String))];
    }

    private static IReadOnlyList<(string Name, JsonTokenType Kind)> Members(ReadOnlyMemory<byte> row, ScoringLimits limits)
    {
        try
        {
            var members = JsonRows.MembersOf(NumberNames.Quoted(new ReadOnlySequence<byte>(row)) ?? row.Span);
            RequireColumns(members.Count, "The first row", limits);
            return members;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidRequestException("The first row is not a JSON object: jsonl has one on each line.");
        }
    }

    private static void RequireColumns(int count, string what, ScoringLimits limits)
    {
        if (count > limits.Columns)
            throw new InvalidRequestException($"{what} has {count} columns; the limit is {limits.Columns} (Limits:Scoring:Columns).");
    }
}

/// <summary>What a data set is.</summary>
/// <param name="IsCsv">Delimited text; else a JSON object on each line.</param>
/// <param name="Delimiter">Between fields of CSV.</param>
/// <param name="HasHeader">Whether CSV begins with a header.</param>
internal sealed record DatasetFormat(bool IsCsv, char Delimiter, bool HasHeader = true)
{
    /// <summary>The format of a file, where options do not say it.</summary>
    /// <param name="fileName">What the file is called.</param>
    /// <param name="name"><see cref="ScoreOptions.Csv"/> or <see cref="ScoreOptions.Jsonl"/>; null for what the file's name says.</param>
    /// <param name="delimiter">Between fields; null for a comma, or a tab in files called <c>.tsv</c>.</param>
    /// <param name="hasHeader">Whether CSV begins with a header.</param>
    /// <exception cref="InvalidRequestException">The file's name does not say it.</exception>
    public static DatasetFormat Of(string fileName, string? name, string? delimiter, bool hasHeader = true) => new(
        (name ?? NameOf(fileName)) == ScoreOptions.Csv,
        delimiter?[0] ?? (fileName.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : ','),
        hasHeader);

    /// <summary>The name of a format, by a file's name.</summary>
    /// <exception cref="InvalidRequestException">It does not say it.</exception>
    public static string NameOf(string fileName) => Path.GetExtension(fileName).ToLowerInvariant() switch
    {
        ".csv" or ".tsv" => ScoreOptions.Csv,
        ".jsonl" or ".ndjson" => ScoreOptions.Jsonl,
        _ => throw new InvalidRequestException("The data set's name does not say what it is: give it the extension .csv, .tsv, .jsonl or .ndjson, or name the format in the options."),
    };

    /// <summary>What finds its rows.</summary>
    public IRowScanner Scanner() => IsCsv ? new CsvScanner((byte)Delimiter) : new LineScanner();
}
