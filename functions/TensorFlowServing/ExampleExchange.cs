using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Larder.Functions.Http;
using Larder.Functions.Prediction;
using Larder.Inference;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.TensorFlowServing;

/// <summary>
/// <c>:classify</c> and <c>:regress</c>. A request has <c>examples</c>, and may have a <c>context</c> with what they share; the answer's <c>result</c> has of each example a list of pairs
/// [label, score], or a number. Which output it is follows from the signature: the only one with a row of scores, or with a number, for each example.
/// </summary>
internal sealed class ExampleExchange(HttpResponse response, ServingBody body, PredictionResponse answers, bool isRegression) : IPredictionExchange
{
    private int _examples;

    public Dialect Dialect => Dialect.TensorFlowServing;

    public HttpContext Http => response.HttpContext;

    private string Method => isRegression ? "regress" : "classify";

    public void Accept(ResolvedModel model) => OutputOf(model.Version.Onnx.Signature);

    public ValueTask ReadAsync(ResolvedModel model, LoadedModel loaded, PredictionInputs inputs, CancellationToken cancellationToken) => body.ReadAsync(
        inputs, (in ReadOnlySequence<byte> json, ref Utf8JsonReader reader) => Read(json, ref reader, inputs, model.Features), cancellationToken);

    public async ValueTask SendAsync(ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken)
    {
        var tensors = outputs.Tensors(new HashSet<string> { OutputOf(model.Version.Onnx.Signature).Name });
        try
        {
            var tensor = tensors[0];
            if (tensor.Shape is not [var rows, ..] || rows != _examples || (isRegression && tensor.Count != _examples))
                throw new InvalidInputException($"The output {tensor.Name} has shape [{string.Join(',', tensor.Shape)}], which does not {Method} {_examples} examples: use :predict.");
            var labels = isRegression ? [] : LabelsOf(model.Version.Labels, tensors.FirstOrDefault(part => part.IsKeys));
            await answers.SendAsync(response, model, outputs, buffer => Pieces(buffer.Writer, tensor, labels), cancellationToken);
        }
        finally
        {
            foreach (var tensor in tensors)
                tensor.Dispose();
        }
    }

    private void Read(in ReadOnlySequence<byte> json, ref Utf8JsonReader reader, PredictionInputs inputs, FeatureColumns? features)
    {
        // The context may follow the examples, which need it.
        var (examplesAt, contextAt) = (-1L, -1L);
        while (JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (JsonTokens.IsName(ref reader, "examples"u8))
                examplesAt = Skip(ref reader, "examples", examplesAt);
            else if (JsonTokens.IsName(ref reader, "context"u8))
                contextAt = Skip(ref reader, "context", contextAt);
            else if (JsonTokens.IsName(ref reader, "signature_name"u8))
                ServingBody.ReadSignatureName(ref reader);
            else
                Skip(ref reader, "", before: -1);
        }

        if (examplesAt < 0)
            throw new InvalidRequestException($"A request to {Method} must have examples: a list of objects with the model's inputs.");
        var examples = body.ReaderAt(json, examplesAt);
        _examples = inputs.ReadExamples(ref examples, contextAt < 0 ? default : body.ReaderAt(json, contextAt), features);
    }

    // Returns where the value begins.
    private static long Skip(ref Utf8JsonReader reader, string member, long before)
    {
        if (before >= 0)
            throw new InvalidRequestException($"The request has {member} twice.");
        JsonTokens.Read(ref reader);
        var place = reader.TokenStartIndex;
        JsonTokens.Skip(ref reader);
        return place;
    }

    private TensorSignature OutputOf(ModelSignature signature)
    {
        var outputs = TensorSignature.Of(signature).Where(output => output.Datatype is Datatype.Fp16 or Datatype.Bf16 or Datatype.Fp32 or Datatype.Fp64);
        var fitting = (isRegression ? outputs.Where(output => output.Shape is [_] or [_, -1 or 1]) : outputs.Where(output => output.Shape is [_, not 1])).ToList();
        return fitting is [var only]
            ? only
            : throw new InvalidRequestException(isRegression
                ? $"The method regress needs exactly one output with one floating-point number for each example, and the model has {fitting.Count}: use :predict."
                : $"The method classify needs exactly one output with a floating-point score for each class, and the model has {fitting.Count}: use :predict.");
    }

    // A map of scikit-learn has its classes as keys: their numbers, which the version's labels may name, or their names.
    private static IReadOnlyList<string> LabelsOf(IReadOnlyList<string> labels, OutputTensor? keys)
    {
        if (keys is null)
            return labels;
        var names = keys.Texts();
        return keys.Datatype == Datatype.Bytes
            ? names
            : [.. names.Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place < labels.Count ? labels[place] : name)];
    }

    private IEnumerable<bool> Pieces(Utf8JsonWriter writer, OutputTensor tensor, IReadOnlyList<string> labels)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("result"u8);
        if (isRegression)
        {
            foreach (var piece in tensor.WritePieces(writer, hasBareNames: true))
                yield return piece;
        }
        else
        {
            writer.WriteStartArray();
            for (var row = 0; row < _examples; row++)
            {
                tensor.WriteClasses(writer, row, labels);
                if (writer.BytesPending >= AnswerBuffer.PieceBytes)
                    yield return true;
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.Flush();
    }
}
