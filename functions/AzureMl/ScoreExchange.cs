using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Larder.Functions.Http;
using Larder.Functions.MLflowScoring;
using Larder.Functions.Prediction;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.AzureMl;

/// <summary>
/// A prediction as an Azure ML endpoint takes it for a model in MLflow's format: <c>{"input_data": ...}</c>, a data frame in the orient split, a list of records, nested lists for the only
/// input, or an object with a tensor for each input. It is answered without an envelope.
/// </summary>
internal sealed class ScoreExchange(HttpRequest request, PredictionJson json, PredictionResponse answers) : IPredictionExchange
{
    private const string InputData = "input_data";

    // A model in MLflow's format is enforced as MLflow does it.
    private static readonly SchemaEnforcement Rules = new() { Member = InputData };

    public Dialect Dialect => Dialect.AzureMl;

    public HttpContext Http => request.HttpContext;

    public async ValueTask ReadAsync(ResolvedModel model, LoadedModel loaded, PredictionInputs inputs, CancellationToken cancellationToken) =>
        await json.ReadAsync(await request.OpenTextAsync(cancellationToken), request.ContentLength, inputs, body => Read(body, model, inputs), cancellationToken);

    public ValueTask SendAsync(ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken)
    {
        var response = request.HttpContext.Response;
        response.Headers["x-ms-run-fn-exec-ms"] = outputs.RunTime.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture);
        return answers.SendAsync(response, model, outputs, buffer => Pieces(buffer.Writer, model, outputs), cancellationToken);
    }

    private static IEnumerable<bool> Pieces(Utf8JsonWriter writer, ResolvedModel model, PredictionOutputs outputs)
    {
        foreach (var piece in FrameWriter.Pieces(writer, model, outputs, processing: null))
            yield return piece;
        writer.Flush();
    }

    private void Read(in ReadOnlySequence<byte> body, ResolvedModel model, PredictionInputs inputs)
    {
        if (json.Members(body, isWhole: true) is not { } members || !members.TryGetValue(InputData, out var place))
            throw new InvalidRequestException($"The body must be a JSON object {{\"{InputData}\": ...}}.");
        var reader = json.ReaderAt(body, place);
        var frames = new FrameReader(json, model, inputs, Rules);
        if (reader.TokenType == JsonTokenType.StartObject && FrameReader.IsSplit(json.Members(body.Slice(place), isWhole: false)!))
            frames.ReadSplit(body, place);
        else if (JsonTokens.IsListOfObjects(reader))
            frames.ReadRecords(body, place);
        else
            inputs.Read(ref reader, model.Features);
    }
}
