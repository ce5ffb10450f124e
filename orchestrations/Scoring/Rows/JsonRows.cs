using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Larder.Inference;

namespace Larder.Orchestrations;

/// <summary>Rows that are JSON objects, one on each line.</summary>
internal sealed class JsonRows : IDataRows
{
    /// <summary>Deepest nesting of a row.</summary>
    public const int Depth = 64;

    private readonly ScoringPlan plan;
    private readonly ReadOnlyMemory<byte> bytes;
    private readonly bool[] takesText;
    private readonly int[][] feeds;
    private readonly int[] keep;
    private readonly byte[][] keepNames;
    private readonly string[] slots;
    private readonly Dictionary<string, int> slotOf = new(StringComparer.Ordinal);
    private readonly (int Start, int Length)[] values;
    private int at;
    private ReadOnlyMemory<byte> line;
    private string? damage;

    public JsonRows(ScoringPlan plan, ReadOnlyMemory<byte> bytes, ModelSignature signature)
    {
        (this.plan, this.bytes) = (plan, bytes);
        takesText = [.. signature.Inputs.Select(input => input.Datatype == Datatype.Bytes)];
        feeds = [.. plan.Feeds.Select(feed => feed.Columns.Select(Slot).ToArray())];
        keep = [.. plan.Keep.Select(Slot)];
        keepNames = [.. plan.Keep.Select(name => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(name) + ":"))];
        slots = [.. slotOf.OrderBy(slot => slot.Value).Select(slot => slot.Key)];
        values = new (int, int)[slots.Length];
    }

    public bool Next()
    {
        var rest = bytes.Span[at..];
        var start = rest.IndexOfAnyExcept((byte)'\r', (byte)'\n');
        if (start < 0)
            return false;
        var length = rest[start..].IndexOf((byte)'\n');
        line = bytes.Slice(at + start, length < 0 ? rest.Length - start : length);
        at += start + line.Length;
        damage = Parse(line.Span);
        return true;
    }

    public string? Feed(RowBatch batch)
    {
        if (damage is not null)
            return damage;
        for (var input = 0; input < feeds.Length; input++)
        {
            foreach (var slot in feeds[input])
            {
                var problem = values[slot].Length == 0 ? "it is missing"
                    : plan.Feeds[input].IsWhole ? batch.AddValue(input, Value(slot), Depth)
                    : AddScalar(batch, input, Value(slot));
                // About a whole value the sentence names the input itself.
                if (problem is not null)
                    return plan.Feeds[input].IsWhole && values[slot].Length > 0 ? problem : $"{Names.Shown(slots[slot])}: {problem}";
            }
        }

        return null;
    }

    public void Keep(IBufferWriter<byte> destination)
    {
        if (damage is not null)
            return;
        for (var i = 0; i < keep.Length; i++)
        {
            destination.Write(keepNames[i]);
            destination.Write(values[keep[i]].Length == 0 ? "null"u8 : Value(keep[i]));
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
        if (!slotOf.TryGetValue(name, out var slot))
            slotOf.Add(name, slot = slotOf.Count);
        return slot;
    }

    private ReadOnlySpan<byte> Value(int slot) => line.Span.Slice(values[slot].Start, values[slot].Length);

    private string? Parse(ReadOnlySpan<byte> row)
    {
        Array.Clear(values);
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
                var slot = next < slots.Length && reader.ValueTextEquals(slots[next]) ? next
                    : slotOf.TryGetValue(reader.GetString()!, out var known) ? known : -1;
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (slot < 0)
                    continue;
                if (values[slot].Length > 0)
                    return $"it has {Names.Shown(slots[slot])} twice";
                values[slot] = (start, (int)reader.BytesConsumed - start);
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

    private string? AddScalar(RowBatch batch, int input, ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value);
        reader.Read();
        var isText = reader.TokenType == JsonTokenType.String;
        if (isText != takesText[input] || reader.TokenType is JsonTokenType.Null or JsonTokenType.StartArray or JsonTokenType.StartObject)
        {
            var what = reader.TokenType switch
            {
                JsonTokenType.Null => "null",
                JsonTokenType.StartArray => "a list",
                JsonTokenType.StartObject => "an object",
                JsonTokenType.String => "a string",
                JsonTokenType.Number => "a number",
                _ => "true or false",
            };
            return $"it is {what}, where {(takesText[input] ? "a string" : "a number")} belongs";
        }

        if (!isText)
            return batch.AddText(input, value);
        try
        {
            var text = new byte[value.Length];
            return batch.AddText(input, text.AsSpan(0, reader.CopyString(text)));
        }
        catch (InvalidOperationException)
        {
            return "it is not well-formed Unicode";
        }
    }
}
