using System.Buffers;
using System.Text;
using System.Text.Unicode;
using CsvHelper;
using Larder.Inference.Rows;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Scoring.Rows;

/// <summary>Rows of CSV, by CsvHelper's reader.</summary>
internal sealed class CsvRows : IDataRows
{
    private readonly ScoringPlan _plan;
    private readonly CsvReader _reader;
    private readonly int[][] _feeds;
    private readonly int[] _keep;
    private readonly bool _hasNul;
    private readonly bool _isDamaged;

    public CsvRows(ScoringPlan plan, ReadOnlyMemory<byte> bytes)
    {
        _plan = plan;
        _hasNul = bytes.Span.Contains((byte)0);
        _isDamaged = !Utf8.IsValid(bytes.Span);
        _reader = CsvText.Reader(bytes, plan.Delimiter);
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < plan.Header.Count; i++)
            places.TryAdd(plan.Header[i], i);
        _feeds = [.. plan.Feeds.Select(feed => feed.Columns.Select(column => places[column]).ToArray())];
        _keep = [.. plan.Keep.Select(column => places[column])];
    }

    public bool Next() => _reader.Read();

    public string? Feed(RowBatch batch)
    {
        if (Damage() is { } damage)
            return damage;
        for (var input = 0; input < _feeds.Length; input++)
        {
            for (var place = 0; place < _feeds[input].Length; place++)
            {
                var column = _feeds[input][place];
                if (batch.AddText(input, place, _reader.GetSpan(column)) is { } problem)
                    return $"{Quoted.Text(_plan.Header[column])}: {problem}";
            }
        }

        return null;
    }

    public void Keep(IBufferWriter<byte> destination)
    {
        foreach (var column in _keep)
        {
            // Past the row's end it is empty.
            var field = _reader.GetSpan(column);
            DelimitedText.Write(_isDamaged && !Utf8.IsValid(field) ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(field)) : field, (byte)_plan.Delimiter, destination);
            destination.Write([(byte)_plan.Delimiter]);
        }
    }

    public void Dispose() => _reader.Dispose();

    private string? Damage()
    {
        var count = _reader.FieldCount;
        if (count != _plan.Header.Count)
            return $"it has {MessageFormat.Count(count, "field")}, and the {(_plan.HasHeader ? "header" : "first row")} has {MessageFormat.Count(_plan.Header.Count, "column")}";
        if (!_hasNul && !_isDamaged)
            return null;
        for (var i = 0; i < count; i++)
        {
            var field = _reader.GetSpan(i);
            if (_hasNul && field.Contains((byte)0))
                return $"{Quoted.Text(_plan.Header[i])}: it has a NUL byte";
            if (_isDamaged && !Utf8.IsValid(field))
                return $"{Quoted.Text(_plan.Header[i])}: it is not valid UTF-8";
        }

        return null;
    }
}

/// <summary>Reads the rows of a chunk, one after the other.</summary>
internal interface IDataRows : IDisposable
{
    /// <summary>Goes on to the next row; false when there is none.</summary>
    bool Next();

    /// <summary>Adds the row to a batch.</summary>
    /// <returns>Why it cannot be scored; null when it is added.</returns>
    string? Feed(RowBatch batch);

    /// <summary>Writes what of it the result repeats, each with what separates it from the next. Of a row that cannot be read, as much as can.</summary>
    void Keep(IBufferWriter<byte> destination);
}
