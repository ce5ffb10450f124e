using System.Buffers;
using System.Text.Json;
using Larder.Functions.Http;
using Larder.Functions.Prediction;
using Larder.Inference;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.TensorFlowServing;

/// <summary>
/// <c>:predict</c>. A request has <c>instances</c> (row format, answered with <c>predictions</c>) or <c>inputs</c> (column format, answered with <c>outputs</c>); other members are
/// skipped. The answer has no names where there is one output; otherwise rows are objects with a value of each, or the columns an object of them.
/// </summary>
internal sealed class PredictExchange(HttpResponse response, ServingBody body, PredictionResponse answers) : IPredictionExchange
{
    private bool _isRow;

    public Dialect Dialect => Dialect.TensorFlowServing;

    public HttpContext Http => response.HttpContext;

    public ValueTask ReadAsync(ResolvedModel model, LoadedModel loaded, PredictionInputs inputs, CancellationToken cancellationToken) => body.ReadAsync(
        inputs, (in ReadOnlySequence<byte> _, ref Utf8JsonReader reader) => Read(ref reader, inputs, model.Features), cancellationToken);

    public async ValueTask SendAsync(ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken)
    {
        var tensors = outputs.Tensors();
        try
        {
            var rows = _isRow ? RowsOf(tensors) : 0;
            await answers.SendAsync(response, model, outputs, buffer => Pieces(buffer.Writer, tensors, rows), cancellationToken);
        }
        finally
        {
            foreach (var tensor in tensors)
                tensor.Dispose();
        }
    }

    private void Read(ref Utf8JsonReader reader, PredictionInputs inputs, FeatureColumns? features)
    {
        var hasValues = false;
        while (JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            _isRow |= JsonTokens.IsName(ref reader, "instances"u8);
            if (JsonTokens.IsName(ref reader, "instances"u8) || JsonTokens.IsName(ref reader, "inputs"u8))
            {
                if (hasValues)
                    throw new InvalidRequestException("The request must have either instances or inputs, once.");
                hasValues = true;
                JsonTokens.Read(ref reader);
                if (_isRow)
                    inputs.ReadInstances(ref reader, features);
                else
                    inputs.ReadColumns(ref reader);
            }
            else if (JsonTokens.IsName(ref reader, "signature_name"u8))
            {
                ServingBody.ReadSignatureName(ref reader);
            }
            else
            {
                JsonTokens.Read(ref reader);
                JsonTokens.Skip(ref reader);
            }
        }

        if (!hasValues)
            throw new InvalidRequestException("The request must have instances (row format) or inputs (column format).");
    }

    // The first dimension of all outputs, but for the keys of maps, which are the same for all rows.
    private static int RowsOf(IReadOnlyList<OutputTensor> tensors)
    {
        var rows = -1L;
        foreach (var tensor in tensors.Where(tensor => !tensor.IsKeys))
        {
            if (tensor.Shape is not [var length, ..] || (rows >= 0 && length != rows))
                throw new InvalidInputException($"The output {tensor.Name} has shape [{string.Join(',', tensor.Shape)}], which cannot be divided into the rows of the other outputs: ask in column format, with inputs in the place of instances.");
            rows = length;
        }

        return (int)rows;
    }

    private IEnumerable<bool> Pieces(Utf8JsonWriter writer, IReadOnlyList<OutputTensor> tensors, int rows)
    {
        writer.WriteStartObject();
        writer.WritePropertyName(_isRow ? "predictions"u8 : "outputs"u8);
        if (tensors is [var only])
        {
            foreach (var piece in only.WriteTensorFlowPieces(writer))
                yield return piece;
        }
        else if (_isRow)
        {
            writer.WriteStartArray();
            for (var row = 0; row < rows; row++)
            {
                foreach (var piece in Objects(writer, tensors, row))
                    yield return piece;
                if (writer.BytesPending >= AnswerBuffer.PieceBytes)
                    yield return true;
            }

            writer.WriteEndArray();
        }
        else
        {
            foreach (var piece in Objects(writer, tensors, row: null))
                yield return piece;
        }

        writer.WriteEndObject();
        writer.Flush();
    }

    private static IEnumerable<bool> Objects(Utf8JsonWriter writer, IReadOnlyList<OutputTensor> tensors, int? row)
    {
        writer.WriteStartObject();
        foreach (var tensor in tensors)
        {
            writer.WritePropertyName(tensor.Name);
            foreach (var piece in tensor.WriteTensorFlowPieces(writer, tensor.IsKeys ? null : row))
                yield return piece;
        }

        writer.WriteEndObject();
    }
}
