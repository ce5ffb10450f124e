using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Larder.Inference.Limits;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;

namespace Larder.Functions.Prediction;

/// <summary>An image in a JSON body: <c>{"values": {"b64": "..."}}</c>, or a data URI (RFC 2397) as <c>values</c>.</summary>
/// <param name="Start">Where its text begins in the body: the quote.</param>
/// <param name="Length">The bytes of the text.</param>
internal readonly record struct EncodedImage(long Start, int Length)
{
    /// <summary>Longest <c>data:image/...;base64,</c>.</summary>
    public const int MostPrefix = 200;

    private const int LeastRank = 3;

    /// <summary>Finds it.</summary>
    /// <param name="json">The body. If it is not JSON, nothing is found, and who parses it says why.</param>
    /// <param name="signature">The model's: only one with one input of three dimensions or more takes an image.</param>
    /// <param name="limits">The depth of the JSON.</param>
    /// <exception cref="InvalidRequestException">Something stands beside <c>b64</c>.</exception>
    public static EncodedImage? Find(in ReadOnlySequence<byte> json, ModelSignature signature, InferenceLimits limits)
    {
        if (signature.Inputs is not [{ Shape.Count: >= LeastRank, Name: not "b64" }])
            return null;
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = limits.JsonDepth });
            return ToValues(ref reader) ? Find(ref reader) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The image file.</summary>
    /// <exception cref="InvalidRequestException">The text is not base64.</exception>
    public byte[] Decode(in ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json.Slice(Start, Length + 2));
        reader.Read();
        var text = new byte[Length];
        var encoded = text.AsSpan(0, reader.CopyString(text));
        if (encoded.StartsWith("data:"u8))
        {
            var comma = encoded[..Math.Min(encoded.Length, MostPrefix)].IndexOf((byte)',');
            if (comma < 0 || !encoded[..comma].EndsWith(";base64"u8))
                throw new InvalidRequestException("An image as a data URI begins with data:image/png;base64, (or another type of image).");
            encoded = encoded[(comma + 1)..];
        }
        return Base64.DecodeFromUtf8InPlace(encoded, out var length) == OperationStatus.Done
            ? encoded[..length].ToArray()
            : throw new InvalidRequestException("The image is not base64 (RFC 4648, section 4).");
    }

    private static bool ToValues(ref Utf8JsonReader reader)
    {
        if (!JsonTokens.Read(ref reader) || reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isFound = JsonTokens.IsName(ref reader, "values"u8);
            JsonTokens.Read(ref reader);
            if (isFound)
                return true;
            JsonTokens.Skip(ref reader);
        }
        return false;
    }

    private static EncodedImage? Find(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return Here(ref reader);
        if (reader.TokenType != JsonTokenType.StartObject || !JsonTokens.Read(ref reader) || reader.TokenType != JsonTokenType.PropertyName || !JsonTokens.IsName(ref reader, "b64"u8))
            return null;
        if (!JsonTokens.Read(ref reader) || reader.TokenType != JsonTokenType.String)
            throw new InvalidRequestException("b64 must be the image as text in base64.");
        var found = Here(ref reader);
        return JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.EndObject ? found : throw new InvalidRequestException("Nothing may stand beside b64.");
    }

    private static EncodedImage Here(ref Utf8JsonReader reader) =>
        new(reader.TokenStartIndex, reader.HasValueSequence ? (int)reader.ValueSequence.Length : reader.ValueSpan.Length);
}
