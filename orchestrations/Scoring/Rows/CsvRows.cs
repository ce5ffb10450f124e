using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using CsvHelper;
using CsvHelper.Configuration;
using Larder.Inference;

namespace Larder.Orchestrations;

/// <summary>Rows of CSV, by CsvHelper's parser.</summary>
internal sealed class CsvRows : IDataRows
{
    private readonly ScoringPlan plan;
    private readonly CsvParser parser;
    private readonly int[][] feeds;
    private readonly int[] keep;
    private readonly bool hasNul;
    private readonly bool isDamaged;
    private readonly ArrayBufferWriter<byte> utf8 = new();

    public CsvRows(ScoringPlan plan, ReadOnlyMemory<byte> bytes)
    {
        this.plan = plan;
        hasNul = bytes.Span.Contains((byte)0);
        isDamaged = !Utf8.IsValid(bytes.Span);
        parser = Parser(bytes, plan.Delimiter);
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < plan.Header.Count; i++)
            places.TryAdd(plan.Header[i], i);
        feeds = [.. plan.Feeds.Select(feed => feed.Columns.Select(column => places[column]).ToArray())];
        keep = [.. plan.Keep.Select(column => places[column])];
    }

    /// <summary>A parser that takes quotes as RFC 4180 has them, and lets pass what has them elsewhere.</summary>
    public static CsvParser Parser(ReadOnlyMemory<byte> bytes, char delimiter)
    {
        var stream = MemoryMarshal.TryGetArray(bytes, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(bytes.ToArray());
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = delimiter.ToString(),
            Mode = CsvMode.RFC4180,
            IgnoreBlankLines = true,
            BadDataFound = null,
            CacheFields = true,
        };
        return new CsvParser(new StreamReader(stream, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false, bufferSize: 1 << 16), configuration);
    }

    public bool Next() => parser.Read();

    public string? Feed(RowBatch batch)
    {
        if (Damage() is { } damage)
            return damage;
        for (var input = 0; input < feeds.Length; input++)
        {
            foreach (var column in feeds[input])
            {
                if (batch.AddText(input, parser[column]) is { } problem)
                    return $"{Names.Shown(plan.Header[column])}: {problem}";
            }
        }

        return null;
    }

    public void Keep(IBufferWriter<byte> destination)
    {
        foreach (var column in keep)
        {
            if (column < parser.Count)
            {
                utf8.ResetWrittenCount();
                Encoding.UTF8.GetBytes(parser[column], utf8);
                DelimitedText.Write(utf8.WrittenSpan, (byte)plan.Delimiter, destination);
            }

            destination.Write([(byte)plan.Delimiter]);
        }
    }

    public void Dispose() => parser.Dispose();

    private string? Damage()
    {
        if (parser.Count != plan.Header.Count)
            return $"it has {Names.Count(parser.Count, "field")}, and the header has {Names.Count(plan.Header.Count, "column")}";
        if (!hasNul && !isDamaged)
            return null;
        for (var i = 0; i < parser.Count; i++)
        {
            var field = parser[i];
            if (hasNul && field.Contains('\0'))
                return $"{Names.Shown(plan.Header[i])}: it has a NUL byte";
            if (isDamaged && field.Contains('\uFFFD'))
                return $"{Names.Shown(plan.Header[i])}: it is not valid UTF-8";
        }

        return null;
    }
}
