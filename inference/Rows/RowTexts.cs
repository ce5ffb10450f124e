using System.Buffers;
using System.Text.Json;

namespace Larder.Inference.Rows;

/// <summary>One output of a run as text, row by row. Reusable after <see cref="Clear"/>. Not thread-safe.</summary>
public sealed class RowTexts
{
    private readonly List<int> _ends = [];
    private readonly Dictionary<int, string> _errors = [];

    /// <summary>Creates an empty object.</summary>
    public RowTexts() => Json = new Utf8JsonWriter(Bytes, new JsonWriterOptions { SkipValidation = true });

    internal ArrayBufferWriter<byte> Bytes { get; } = new();

    internal Utf8JsonWriter Json { get; }

    /// <summary>UTF-8 of a row: fields with delimiters between them, or JSON.</summary>
    public ReadOnlySpan<byte> this[int row] => Bytes.WrittenSpan[(row == 0 ? 0 : _ends[row - 1]).._ends[row]];

    /// <summary>Error of a row without text; null if it has one.</summary>
    public string? ErrorOf(int row) => _errors.GetValueOrDefault(row);

    /// <summary>Removes all rows.</summary>
    public void Clear()
    {
        Bytes.ResetWrittenCount();
        Json.Reset();
        _ends.Clear();
        _errors.Clear();
    }

    internal void EndRow() => _ends.Add(Bytes.WrittenCount);

    /// <summary>Ends a row without a text.</summary>
    public void FailRow(string sentence)
    {
        _errors[_ends.Count] = sentence;
        EndRow();
    }
}
