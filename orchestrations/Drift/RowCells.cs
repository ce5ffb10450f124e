using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CsvHelper;
using Larder.Inference.Tensors;
using Larder.Orchestrations.Scoring.Rows;

namespace Larder.Orchestrations.Drift;

/// <summary>The values of the chosen columns, row by row.</summary>
internal interface IRowCells : IDisposable
{
    /// <summary>Goes on to the next row; false when there is none.</summary>
    bool Next();

    /// <summary>Whether the row can be read.</summary>
    bool IsReadable { get; }

    /// <summary>A value, in UTF-8; empty where there is none.</summary>
    /// <param name="column">Which of the chosen columns.</param>
    ReadOnlySpan<byte> this[int column] { get; }
}

/// <summary>Rows of CSV.</summary>
/// <param name="bytes">Whole rows.</param>
/// <param name="delimiter">Between fields.</param>
/// <param name="width">Fields that a row must have.</param>
/// <param name="places">The chosen columns' places in a row.</param>
internal sealed class CsvCells(ReadOnlyMemory<byte> bytes, char delimiter, int width, int[] places) : IRowCells
{
    private readonly CsvReader _reader = CsvText.Reader(bytes, delimiter);

    public bool IsReadable => _reader.FieldCount == width;

    public ReadOnlySpan<byte> this[int column] => _reader.GetSpan(places[column]);

    public bool Next() => _reader.Read();

    public void Dispose() => _reader.Dispose();
}

/// <summary>Rows that are JSON objects, one on each line.</summary>
/// <param name="bytes">Whole lines.</param>
/// <param name="names">The chosen members.</param>
internal sealed class JsonCells(ReadOnlyMemory<byte> bytes, IReadOnlyList<string> names) : IRowCells
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = JsonRows.Depth };

    private ReadOnlyMemory<byte> _rest = bytes;
    private JsonDocument? _row;

    public bool IsReadable => _row is { RootElement.ValueKind: JsonValueKind.Object };

    public ReadOnlySpan<byte> this[int column] => !_row!.RootElement.TryGetProperty(names[column], out var value) ? default : value.ValueKind switch
    {
        JsonValueKind.Null => default,
        JsonValueKind.String => Encoding.UTF8.GetBytes(value.GetString()!),
        _ => JsonMarshal.GetRawUtf8Value(value),
    };

    public bool Next()
    {
        Dispose();
        var start = _rest.Span.IndexOfAnyExcept((byte)'\r', (byte)'\n');
        if (start < 0)
            return false;
        _rest = _rest[start..];
        var length = _rest.Span.IndexOf((byte)'\n');
        var line = length < 0 ? _rest : _rest[..length];
        _rest = _rest[line.Length..];
        _row = Parse(line) ?? (NumberNames.Quoted(new ReadOnlySequence<byte>(line)) is { } quoted ? Parse(quoted) : null);
        return true;
    }

    public void Dispose()
    {
        _row?.Dispose();
        _row = null;
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return JsonDocument.Parse(line, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
