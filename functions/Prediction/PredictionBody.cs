using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Larder.Functions.Http;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Prediction;

/// <summary>
/// Reads <c>{"values": ...}</c> from a request's pipe straight into a model's input tensors. The body, while it is there, and the tensors are of the budget of bytes in flight.
/// </summary>
public sealed class PredictionBody(PredictionLimits limits, InferenceLimits inference, SessionCache sessions)
{
    // Of a body that does not say its length: what is taken before its first byte, and how many times more when that is not enough. In few steps, since who waits holds what came.
    private const long FirstBytes = 64 << 10;
    private const long Growth = 8;

    /// <summary>Reads the whole body, up to a limit, and parses it.</summary>
    /// <exception cref="TooLargeException">The body is over the limit.</exception>
    /// <exception cref="MemoryLimitException">The body, or its tensors, are more than the server holds of one request.</exception>
    /// <exception cref="MemoryBusyException">The server holds too much of other requests.</exception>
    /// <exception cref="InvalidInputException">The values do not fit the model.</exception>
    /// <exception cref="InvalidRequestException">There is no <c>values</c>, or something beside it.</exception>
    /// <exception cref="HttpStatusException">The body is compressed, or in another charset than UTF-8 (415).</exception>
    public async ValueTask ReadAsync(HttpRequest request, PredictionInputs inputs, ModelSignature signature, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limits.PredictionBytes)
            throw TooLarge();
        var body = request.OpenBodyReader();
        var bodies = sessions.Memory.Bodies;
        var taken = request.ContentLength ?? Math.Min(FirstBytes, limits.PredictionBytes);
        await bodies.TakeAsync(taken, cancellationToken);
        try
        {
            while (true)
            {
                var result = await body.ReadAsync(cancellationToken);
                var consumed = result.Buffer.Start;
                try
                {
                    if (result.Buffer.Length > limits.PredictionBytes)
                        throw TooLarge();
                    if (result.IsCompleted)
                    {
                        await inputs.ReserveAsync(result.Buffer, cancellationToken);
                        consumed = result.Buffer.End;
                        Parse(result.Buffer, inputs, signature);
                        return;
                    }

                    while (result.Buffer.Length > taken)
                    {
                        var larger = Math.Min(taken * Growth, limits.PredictionBytes);
                        await bodies.TakeAsync(larger, cancellationToken);
                        bodies.Release(taken);
                        taken = larger;
                    }
                }
                finally
                {
                    // Also after a failure: a read that is left open would break the connection for the next request.
                    body.AdvanceTo(consumed, result.Buffer.End);
                }
            }
        }
        finally
        {
            bodies.Release(taken);
        }
    }

    private void Parse(in ReadOnlySequence<byte> body, PredictionInputs inputs, ModelSignature signature)
    {
        if (body.IsEmpty)
            throw new InvalidRequestException("No json data {values:[...]} or file provided");
        var json = RequestBody.WithoutMark(body);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = inference.JsonDepth });
        var found = false;
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new InvalidRequestException("The body must be a JSON object {values:[...]}");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!MemberName.Is(ref reader, "values"u8))
                    throw new InvalidRequestException($"The member '{MemberName.Shown(ref reader)}' is not known; send {{values:[...]}}");
                if (found)
                    throw new InvalidRequestException("values is given twice");
                reader.Read();
                found = true;
                inputs.Read(ref reader);
            }
            // Anything but white space after the object is an error, which the reader finds by reading on.
            while (reader.Read())
            {
            }
        }
        catch (IndexOutOfRangeException)
        {
            // Utf8JsonReader's own, for a body in several segments that ends inside true, false or null.
            throw new InvalidInputException($"{Expectation(signature)}; the JSON ends too early.");
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException($"{Expectation(signature)}; the JSON is not valid: {JsonFault.ExplainSyntax(exception, json)}");
        }
        if (!found)
            throw new InvalidRequestException("No input for the model provided as (values:[...])");
    }

    private static string Expectation(ModelSignature signature) =>
        string.Join(", ", signature.Inputs.Select(input => $"{input.Name} expects {input.TypeName}"));

    private TooLargeException TooLarge() =>
        new($"A prediction's body is limited to {limits.PredictionBytes} bytes.");
}
