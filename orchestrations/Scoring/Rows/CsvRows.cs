using System.Buffers;
using System.Text;
using System.Text.Unicode;
using CsvHelper;
using Larder.Inference;

namespace Larder.Orchestrations;

/// <summary>Rows of CSV, by CsvHelper's reader.</summary>
internal sealed class CsvRows : IDataRows
{
    private readonly ScoringPlan plan;
    private readonly CsvReader reader;
    private readonly int[][] feeds;
    private readonly int[] keep;
    private readonly bool hasNul;
    private readonly bool isDamaged;

    public CsvRows(ScoringPlan plan, ReadOnlyMemory<byte> bytes)
    {
        this.plan = plan;
        hasNul = bytes.Span.Contains((byte)0);
        isDamaged = !Utf8.IsValid(bytes.Span);
        reader = Reader(bytes, plan.Delimiter);
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < plan.Header.Count; i++)
            places.TryAdd(plan.Header[i], i);
        feeds = [.. plan.Feeds.Select(feed => feed.Columns.Select(column => places[column]).ToArray())];
        keep = [.. plan.Keep.Select(column => places[column])];
    }

    /// <summary>A reader that takes quotes as RFC 4180 has them, lets pass what has them elsewhere, and takes no row for a header.</summary>
    /// <param name="bytes">UTF-8. What begins as a byte order mark is one.</param>
    /// <param name="delimiter">Between fields.</param>
    public static CsvReader Reader(ReadOnlyMemory<byte> bytes, char delimiter) =>
        CsvReader.Create(bytes, new CsvReaderOptions { Separator = delimiter, HasHeader = false, DetectSeparatorHint = false });

    public bool Next() => reader.Read();

    public string? Feed(RowBatch batch)
    {
        if (Damage() is { } damage)
            return damage;
        for (var input = 0; input < feeds.Length; input++)
        {
            foreach (var column in feeds[input])
            {
                if (batch.AddText(input, reader.GetSpan(column)) is { } problem)
                    return $"{Names.Shown(plan.Header[column])}: {problem}";
            }
        }

        return null;
    }

    public void Keep(IBufferWriter<byte> destination)
    {
        foreach (var column in keep)
        {
            // Past the row's end it is empty.
            var field = reader.GetSpan(column);
            DelimitedText.Write(isDamaged && !Utf8.IsValid(field) ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(field)) : field, (byte)plan.Delimiter, destination);
            destination.Write([(byte)plan.Delimiter]);
        }
    }

    public void Dispose() => reader.Dispose();

    private string? Damage()
    {
        var count = reader.FieldCount;
        if (count != plan.Header.Count)
            return $"it has {Names.Count(count, "field")}, and the header has {Names.Count(plan.Header.Count, "column")}";
        if (!hasNul && !isDamaged)
            return null;
        for (var i = 0; i < count; i++)
        {
            var field = reader.GetSpan(i);
            if (hasNul && field.Contains((byte)0))
                return $"{Names.Shown(plan.Header[i])}: it has a NUL byte";
            if (isDamaged && !Utf8.IsValid(field))
                return $"{Names.Shown(plan.Header[i])}: it is not valid UTF-8";
        }

        return null;
    }
}
