using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;

namespace Larder.Functions.Prediction;

/// <summary>Reads the JSON of a prediction whole, within the budget of bytes in flight, and passes it to what knows the protocol.</summary>
public sealed class PredictionJson(SessionCache sessions, PredictionLimits limits, InferenceLimits inference)
{
    /// <summary>How its readers are made.</summary>
    internal JsonReaderOptions Options { get; } = new() { MaxDepth = inference.JsonDepth };

    /// <summary>Reads the body of a request.</summary>
    /// <param name="body">The body, in UTF-8.</param>
    /// <param name="length">Its length as the caller says; null where the caller does not.</param>
    /// <param name="inputs">The inputs that <paramref name="parse"/> fills; the bytes that they can need are taken first.</param>
    /// <param name="parse">Called with the JSON; once more, with quotes around bare NaN and infinities, if it threw a <see cref="JsonException"/> and there are such words.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="JsonException">The body is not JSON.</exception>
    /// <exception cref="TooLargeException">The body is over the limit.</exception>
    /// <exception cref="MemoryBusyException">Other requests hold the memory.</exception>
    internal async ValueTask ReadAsync(PipeReader body, long? length, PredictionInputs inputs, Action<ReadOnlySequence<byte>> parse, CancellationToken cancellationToken)
    {
        using var whole = await WholeBody.ReadAsync(body, length, sessions.Memory.Bodies, limits.PredictionBytes, cancellationToken);
        var json = RequestBody.WithoutMark(whole.Bytes);
        await inputs.ReserveAsync(json, binary: 0, cancellationToken);
        try
        {
            parse(json);
        }
        catch (JsonException)
        {
            using var quoted = new QuotedBody(json, sessions.Memory.Bodies);
            if (quoted.Read() is not { } again)
                throw;
            parse(again);
        }
    }

    /// <summary>A reader on the first token of the value at a place in JSON.</summary>
    internal Utf8JsonReader ReaderAt(in ReadOnlySequence<byte> json, long place)
    {
        var reader = new Utf8JsonReader(json.Slice(place), Options);
        JsonTokens.Read(ref reader);
        return reader;
    }

    /// <summary>The places of the values of an object's members, by name. The object is read to its end, so that it is JSON.</summary>
    /// <param name="json">The JSON: all of it if the object is all of it, for what follows is an error.</param>
    /// <param name="isWhole">Whether nothing may follow the object.</param>
    /// <returns>Null when it is no object.</returns>
    /// <exception cref="InvalidRequestException">A member is there twice.</exception>
    internal Dictionary<string, long>? Members(in ReadOnlySequence<byte> json, bool isWhole)
    {
        var reader = new Utf8JsonReader(json, Options);
        if (json.IsEmpty || !JsonTokens.Read(ref reader) || reader.TokenType != JsonTokenType.StartObject)
        {
            // What is no JSON at all is told apart.
            while (isWhole && JsonTokens.Read(ref reader))
            {
            }

            return null;
        }

        var places = new Dictionary<string, long>(StringComparer.Ordinal);
        while (JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            // A name that is no Unicode is no name of anything.
            var name = JsonTokens.Name(ref reader) ?? JsonTokens.Text(ref reader);
            JsonTokens.Read(ref reader);
            if (!places.TryAdd(name, reader.TokenStartIndex))
                throw new InvalidRequestException($"{RequestText.Shown(name)} is given twice.");
            JsonTokens.Skip(ref reader);
        }

        while (isWhole && JsonTokens.Read(ref reader))
        {
        }

        return places;
    }
}
