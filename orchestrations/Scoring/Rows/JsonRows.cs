using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Larder.Inference.Rows;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Scoring.Rows;

/// <summary>Rows that are JSON objects, one on each line.</summary>
internal sealed class JsonRows : IDataRows
{
    /// <summary>Deepest nesting of a row.</summary>
    public const int Depth = 64;

    private readonly ScoringPlan _plan;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly bool[] _takesText;
    private readonly int[][] _feeds;
    private readonly int[] _keep;
    private readonly byte[][] _keepNames;
    private readonly string[] _slots;
    private readonly Dictionary<string, int> _slotOf = new(StringComparer.Ordinal);
    private readonly (int Start, int Length)[] _values;
    private int _at;
    private ReadOnlyMemory<byte> _line;
    private string? _damage;

    public JsonRows(ScoringPlan plan, ReadOnlyMemory<byte> bytes, ModelSignature signature)
    {
        (_plan, _bytes) = (plan, bytes);
        _takesText = [.. signature.Inputs.Select(input => input.Datatype == Datatype.Bytes)];
        _feeds = [.. plan.Feeds.Select(feed => feed.Columns.Select(Slot).ToArray())];
        _keep = [.. plan.Keep.Select(Slot)];
        _keepNames = [.. plan.Keep.Select(name => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(name) + ":"))];
        _slots = [.. _slotOf.OrderBy(slot => slot.Value).Select(slot => slot.Key)];
        _values = new (int, int)[_slots.Length];
    }

    public bool Next()
    {
        var rest = _bytes.Span[_at..];
        var start = rest.IndexOfAnyExcept((byte)'\r', (byte)'\n');
        if (start < 0)
            return false;
        var length = rest[start..].IndexOf((byte)'\n');
        _line = _bytes.Slice(_at + start, length < 0 ? rest.Length - start : length);
        _at += start + _line.Length;
        _damage = Parse(_line.Span);
        if (_damage is not null && NumberNames.Quoted(new ReadOnlySequence<byte>(_line)) is { } quoted)
            _damage = Parse((_line = quoted).Span);
        return true;
    }

    public string? Feed(RowBatch batch)
    {
        if (_damage is not null)
            return _damage;
        for (var input = 0; input < _feeds.Length; input++)
        {
            for (var place = 0; place < _feeds[input].Length; place++)
            {
                var slot = _feeds[input][place];
                var problem = _values[slot].Length == 0 ? "it is missing"
                    : _plan.Feeds[input].IsWhole ? batch.AddValue(input, Value(slot), Depth)
                    : AddScalar(batch, input, place, Value(slot));
                // About a whole value the sentence names the input itself.
                if (problem is not null)
                    return _plan.Feeds[input].IsWhole && _values[slot].Length > 0 ? problem : $"{Quoted.Text(_slots[slot])}: {problem}";
            }
        }

        return null;
    }

    public void Keep(IBufferWriter<byte> destination)
    {
        if (_damage is not null)
            return;
        for (var i = 0; i < _keep.Length; i++)
        {
            destination.Write(_keepNames[i]);
            destination.Write(_values[_keep[i]].Length == 0 ? "null"u8 : Value(_keep[i]));
            destination.Write(","u8);
        }
    }

    public void Dispose()
    {
    }

    /// <summary>Names and kinds of a row's members.</summary>
    /// <exception cref="JsonException">It is not an object of JSON.</exception>
    public static IReadOnlyList<(string Name, JsonTokenType Kind)> MembersOf(ReadOnlySpan<byte> row)
    {
        var members = new List<(string, JsonTokenType)>();
        var reader = new Utf8JsonReader(row, new JsonReaderOptions { MaxDepth = Depth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("It is not an object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            members.Add((name, reader.TokenType));
            reader.Skip();
        }

        return members;
    }

    private int Slot(string name)
    {
        if (!_slotOf.TryGetValue(name, out var slot))
            _slotOf.Add(name, slot = _slotOf.Count);
        return slot;
    }

    private ReadOnlySpan<byte> Value(int slot) => _line.Span.Slice(_values[slot].Start, _values[slot].Length);

    private string? Parse(ReadOnlySpan<byte> row)
    {
        Array.Clear(_values);
        if (!Utf8.IsValid(row))
            return "it is not valid UTF-8";
        try
        {
            var reader = new Utf8JsonReader(row, new JsonReaderOptions { MaxDepth = Depth });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                return "it is not a JSON object";
            var next = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                // Rows tend to have their members in the same order.
                var slot = next < _slots.Length && reader.ValueTextEquals(_slots[next]) ? next
                    : _slotOf.TryGetValue(reader.GetString()!, out var known) ? known : -1;
                if (slot < 0 && _plan.ByFeatures)
                    return $"it has {Quoted.Text(reader.GetString()!)}, which is no column of the model and is not kept";
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (slot < 0)
                    continue;
                if (_values[slot].Length > 0)
                    return $"it has {Quoted.Text(_slots[slot])} twice";
                _values[slot] = (start, (int)reader.BytesConsumed - start);
                next = slot + 1;
            }

            // What follows the object is an error, which the reader finds by reading on.
            while (reader.Read())
            {
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second: a name that is no Unicode.
            return "it is not valid JSON";
        }
    }

    private string? AddScalar(RowBatch batch, int input, int place, ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value);
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return batch.AddMissing(input, place);
        var isText = reader.TokenType == JsonTokenType.String;
        if (isText && !_takesText[input] && NumberNames.IsOne(ref reader))
            return batch.AddText(input, place, value[1..^1]);
        if (isText != _takesText[input] || reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
        {
            var what = reader.TokenType switch
            {
                JsonTokenType.StartArray => "a list",
                JsonTokenType.StartObject => "an object",
                JsonTokenType.String => "a string",
                JsonTokenType.Number => "a number",
                _ => "true or false",
            };
            return $"it is {what}, where {(_takesText[input] ? "a string" : "a number")} belongs";
        }

        if (!isText)
            return batch.AddText(input, place, value);
        try
        {
            var text = new byte[value.Length];
            return batch.AddText(input, place, text.AsSpan(0, reader.CopyString(text)));
        }
        catch (InvalidOperationException)
        {
            return "it is not well-formed Unicode";
        }
    }
}
