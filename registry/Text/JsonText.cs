using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Larder.Registry.Errors;

namespace Larder.Registry.Text;

/// <summary>
/// Looks at JSON before it is read: the reader takes bytes that are no UTF-8 and escapes that stand for half a surrogate pair, and fails where the text is asked for.
/// </summary>
public static class JsonText
{
    /// <summary>Deepest nesting of JSON that is no prediction.</summary>
    public const int MaxDepth = 64;

    /// <summary>What UTF-8 may begin with.</summary>
    public static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// JSON that can be read without surprises: UTF-8 in which every name and every text is well-formed and has no NUL. Whether it is JSON at all is left
    /// to the reader, which knows what it should have been.
    /// </summary>
    /// <param name="utf8">The bytes.</param>
    /// <returns>The bytes without a byte-order mark.</returns>
    /// <exception cref="InvalidRequestException">It has such a text; a sentence that names the place.</exception>
    public static ReadOnlySpan<byte> Check(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
            throw new InvalidRequestException($"The JSON is not UTF-8: byte {FirstInvalid(utf8)} does not belong there.");
        var json = WithoutMark(utf8);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped && !IsText(ref reader))
                    throw new InvalidRequestException($"{PlaceOf(json, reader.TokenStartIndex)} has a NUL, or half of a surrogate pair: it must be well-formed Unicode.");
            }
        }
        catch (JsonException)
        {
            // Up to here there was nothing to refuse.
        }

        return json;
    }

    /// <summary>The bytes behind a byte-order mark.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> utf8) => utf8.StartsWith(ByteOrderMark) ? utf8[ByteOrderMark.Length..] : utf8;

    /// <summary>The first byte that no UTF-8 has there, from 1.</summary>
    public static int FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out var length) == OperationStatus.Done)
            at += length;
        return at + 1;
    }

    private static bool IsText(ref Utf8JsonReader reader)
    {
        var space = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            // Unescaping never makes a text longer.
            return !space.AsSpan(0, reader.CopyString(space)).Contains((byte)0);
        }
        catch (InvalidOperationException)
        {
            // A surrogate without its other half: \ud800.
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(space);
        }
    }

    /// <summary>Where a token is, as a JSON pointer (RFC 6901). Names before it have been looked at.</summary>
    private static string PlaceOf(ReadOnlySpan<byte> json, long token)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        // A step for each object and list that is open: the name that was read last in it, or the number of items.
        var steps = new Stack<(string? Name, int Items)>();
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                steps.Pop();
                continue;
            }

            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                steps.Pop();
                if (reader.TokenStartIndex == token)
                    return $"A member's name in {Pointer(steps)}";
                steps.Push((reader.GetString(), 0));
                continue;
            }

            if (steps.TryPop(out var step))
                steps.Push(step with { Items = step.Items + 1 });
            if (reader.TokenStartIndex == token)
                break;
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                steps.Push((null, 0));
        }

        return $"The text at {Pointer(steps)}";
    }

    private static string Pointer(IEnumerable<(string? Name, int Items)> steps) => Quoted.Text("/" + string.Join(
        '/', steps.Reverse().Select(step => step.Name?.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal) ?? $"{step.Items - 1}"))).Trim('\'');
}
