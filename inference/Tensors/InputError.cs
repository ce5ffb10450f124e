using System.Text;
using System.Text.Json;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Scanning;

namespace Larder.Inference.Tensors;

/// <summary>Builds the messages of <see cref="InvalidInputException"/>. Not used for valid input.</summary>
internal static class InputError
{
    private const int LongestQuote = 40;

    /// <summary><c>x expects FP32 [-1,4]; got ...</c></summary>
    public static InvalidInputException Got(ValueSignature input, string got) => new($"{input.Name} expects {input.TypeName}; got {got}");

    /// <summary>Noun for a token: <c>a string</c>, <c>null</c>.</summary>
    public static string Noun(JsonTokenType token) => token switch
    {
        JsonTokenType.Number => "a number",
        JsonTokenType.String => "a string",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Null => "null",
        JsonTokenType.StartObject => "an object",
        _ => "a list",
    };

    /// <summary>A count with its noun: <c>1 value</c>, <c>3 values</c>.</summary>
    public static string Count(long count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    /// <summary>The current token's own text, shortened, for a message.</summary>
    public static string Text(ref Utf8JsonReader reader)
    {
        Span<byte> head = stackalloc byte[LongestQuote + 1];
        int length;
        if (reader.HasValueSequence)
        {
            var sequence = reader.ValueSequence;
            length = (int)Math.Min(sequence.Length, head.Length);
            System.Buffers.BuffersExtensions.CopyTo(sequence.Slice(0, length), head);
        }
        else
        {
            length = Math.Min(reader.ValueSpan.Length, head.Length);
            reader.ValueSpan[..length].CopyTo(head);
        }

        return Printable.Line(Encoding.UTF8.GetString(head[..length]), LongestQuote);
    }

    /// <summary>What the current token is, where an element of a tensor belongs.</summary>
    /// <param name="reader">On the token.</param>
    /// <param name="error">Why it is no element.</param>
    /// <param name="datatype">The tensor's.</param>
    /// <param name="at">Where it is: empty, or with a space before it.</param>
    public static string Element(ref Utf8JsonReader reader, ElementError error, Datatype datatype, string at) => error switch
    {
        ElementError.Missing => $"{Text(ref reader)}{at}: {MissingValues.Hint(datatype)}",
        ElementError.NotIntegral => $"{Text(ref reader)}{at}, which is not an integer",
        ElementError.OutOfRange => $"{Text(ref reader)}{at}, which is out of range",
        ElementError.NotBase64 => $"an object{at} whose b64 is not base64",
        ElementError.NotUnicode => $"a string{at} that is not well-formed Unicode",
        _ => Noun(reader.TokenType) + at,
    };

    /// <summary>Bytes in readable units: <c>64 MiB</c>.</summary>
    public static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => FormattableString.Invariant($"{bytes / (double)(1L << 30):0.##} GiB"),
        >= 1L << 20 => FormattableString.Invariant($"{bytes / (double)(1L << 20):0.##} MiB"),
        >= 1L << 10 => FormattableString.Invariant($"{bytes / (double)(1L << 10):0.##} KiB"),
        _ => Count(bytes, "byte"),
    };
}
