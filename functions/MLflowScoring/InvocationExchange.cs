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

namespace Larder.Functions.MLflowScoring;

/// <summary>
/// A prediction in MLflow's scoring protocol. The body is CSV with a header, or an object with one of <c>dataframe_split</c>, <c>dataframe_records</c>, <c>instances</c> and <c>inputs</c>, and
/// with <c>params</c>, of which those are read that Larder's own route has as query parameters. Other members are skipped, as MLflow does.
/// </summary>
internal sealed class InvocationExchange(HttpRequest request, PredictionJson json, PredictionBody bodies, PredictionResponse answers) : IPredictionExchange
{
    private const string Split = "dataframe_split";
    private const string Records = "dataframe_records";
    private const string Instances = "instances";
    private const string Inputs = "inputs";

    private static readonly string[] Formats = [Split, Records, Instances, Inputs];
    private static readonly string Fields = $"Invalid input. The input must be a JSON dictionary with exactly one of the input fields {{{string.Join(", ", Formats.Select(format => $"'{format}'"))}}}. Received";
    private static readonly SchemaEnforcement SplitRules = new() { Member = Split };
    private static readonly SchemaEnforcement RecordRules = new() { Member = Records };

    private PostProcessing? _processing;

    public Dialect Dialect => Dialect.MLflowScoring;

    public HttpContext Http => request.HttpContext;

    public async ValueTask ReadAsync(ResolvedModel model, LoadedModel loaded, PredictionInputs inputs, CancellationToken cancellationToken)
    {
        if (CsvOptions.IsCsv(request))
            await ReadCsvAsync(model, loaded, inputs, cancellationToken);
        else
            await ReadJsonAsync(model, inputs, cancellationToken);
    }

    public async ValueTask SendAsync(ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken)
    {
        if (_processing is not null)
            outputs.Check(_processing);
        await answers.SendAsync(request.HttpContext.Response, model, outputs, buffer => Pieces(buffer.Writer, model, outputs), cancellationToken);
    }

    private IEnumerable<bool> Pieces(Utf8JsonWriter writer, ResolvedModel model, PredictionOutputs outputs)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("predictions"u8);
        foreach (var piece in FrameWriter.Pieces(writer, model, outputs, _processing))
            yield return piece;
        writer.WriteEndObject();
        writer.Flush();
    }

    private async ValueTask ReadCsvAsync(ResolvedModel model, LoadedModel loaded, PredictionInputs inputs, CancellationToken cancellationToken)
    {
        try
        {
            await bodies.ReadCsvAsync(request, new CsvOptions(HasHeader: true, ByPosition: false), inputs, loaded, model.Features, SplitRules, cancellationToken);
        }
        catch (LarderException exception) when (exception is InvalidInputException or InvalidRequestException && !exception.Message.StartsWith("Failed to enforce schema", StringComparison.Ordinal))
        {
            throw new InvalidRequestException($"Failed to parse input as a Pandas DataFrame. {exception.Message}");
        }
    }

    private async ValueTask ReadJsonAsync(ResolvedModel model, PredictionInputs inputs, CancellationToken cancellationToken)
    {
        try
        {
            await json.ReadAsync(await request.OpenTextAsync(cancellationToken), request.ContentLength, inputs, body => Read(body, model, inputs), cancellationToken);
        }
        catch (JsonException exception)
        {
            throw new InvalidRequestException($"Invalid input. Ensure that input is a valid JSON formatted string. Error: line {(exception.LineNumber ?? 0) + 1}, byte {(exception.BytePositionInLine ?? 0) + 1}.");
        }
    }

    private void Read(in ReadOnlySequence<byte> body, ResolvedModel model, PredictionInputs inputs)
    {
        var members = json.Members(body, isWhole: true) ?? throw new InvalidRequestException($"{Fields} {(json.ReaderAt(body, 0).TokenType == JsonTokenType.StartArray ? "a list" : "unexpected input type")}.");
        var given = Formats.Where(members.ContainsKey).ToList();
        if (given is not [var format])
            throw new InvalidRequestException($"{Fields} dictionary with input fields: [{RequestText.Shown(string.Join(", ", members.Keys.Select(name => $"'{name}'")))}].");
        if (format is Instances or Inputs && members.ContainsKey("signature_name"))
            throw new InvalidRequestException("Failed to parse data as TF serving input. \"signature_name\" parameter is currently not supported.");
        _processing = members.TryGetValue("params", out var parameters) ? ReadParameters(body, parameters, model.Version) : null;
        switch (format)
        {
            case Split:
                new FrameReader(json, model, inputs, SplitRules).ReadSplit(body, members[Split]);
                break;
            case Records:
                new FrameReader(json, model, inputs, RecordRules).ReadRecords(body, members[Records]);
                break;
            case Instances:
                var instances = json.ReaderAt(body, members[Instances]);
                inputs.ReadInstances(ref instances, model.Features);
                break;
            default:
                ReadInputs(body, members[Inputs], inputs);
                break;
        }

        if (format is Instances or Inputs)
            RequireSameLength(inputs);
    }

    private void ReadInputs(in ReadOnlySequence<byte> body, long place, PredictionInputs inputs)
    {
        var reader = json.ReaderAt(body, place);
        inputs.ReadColumns(ref reader);
    }

    // MLflow compares the lengths of all values, of models with several inputs.
    private static void RequireSameLength(PredictionInputs inputs)
    {
        for (var i = 1; i < inputs.Count; i++)
        {
            if (inputs[i].Shape is not [var length, ..] || inputs[0].Shape is not [var first, ..] || length != first)
                throw new InvalidRequestException("Failed to parse data as TF serving input. The length of values for each input/column name are not the same.");
        }
    }

    private PostProcessing? ReadParameters(in ReadOnlySequence<byte> body, long place, ModelVersion version)
    {
        var parameters = body.Slice(place);
        if (json.Members(parameters, isWhole: false) is not { } members)
        {
            // As of None in Python.
            return json.ReaderAt(parameters, 0).TokenType == JsonTokenType.Null ? null : throw new InvalidRequestException("params must be a JSON dictionary.");
        }

        return PredictionQuery.Of(Number(parameters, members, PredictionQuery.Top), Text(parameters, members, PredictionQuery.Activation), Text(parameters, members, PredictionQuery.Output), version);
    }

    private long? Number(in ReadOnlySequence<byte> parameters, Dictionary<string, long> members, string name)
    {
        if (!members.TryGetValue(name, out var place))
            return null;
        var reader = json.ReaderAt(parameters, place);
        return reader.TokenType switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.Number when reader.TryGetInt64(out var number) => number,
            _ => throw new InvalidRequestException($"The parameter {name} must be a whole number."),
        };
    }

    private string? Text(in ReadOnlySequence<byte> parameters, Dictionary<string, long> members, string name)
    {
        if (!members.TryGetValue(name, out var place))
            return null;
        var reader = json.ReaderAt(parameters, place);
        return reader.TokenType switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.String => JsonTokens.Name(ref reader) ?? throw new InvalidRequestException($"The parameter {name} must be well-formed Unicode."),
            _ => throw new InvalidRequestException($"The parameter {name} must be a string."),
        };
    }
}
