using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Larder.Registry.Models;

namespace Larder.Functions.Prediction;

/// <summary>Reads data frames as pandas writes them: <c>{"columns", "index", "data"}</c> (orient split) and lists of records.</summary>
/// <param name="json">Makes readers.</param>
/// <param name="model">The model.</param>
/// <param name="inputs">Its inputs, to be filled.</param>
/// <param name="rules">What is said of a frame that does not fit.</param>
internal readonly struct FrameReader(PredictionJson json, ResolvedModel model, PredictionInputs inputs, TableRules rules)
{
    private const string Columns = "columns";
    private const string Index = "index";
    private const string Data = "data";

    /// <summary>Whether an object with these members is a frame in the orient split.</summary>
    public static bool IsSplit(IReadOnlyDictionary<string, long> members) => members.ContainsKey(Data) && members.Keys.All(name => name is Columns or Index or Data);

    /// <summary>Reads a frame in the orient split.</summary>
    /// <param name="body">The JSON that has it.</param>
    /// <param name="place">Where it begins.</param>
    /// <exception cref="InvalidRequestException">It is no such frame.</exception>
    /// <exception cref="InvalidInputException">Its columns or values do not fit the model.</exception>
    public void ReadSplit(in ReadOnlySequence<byte> body, long place)
    {
        var frame = body.Slice(place);
        var members = json.Members(frame, isWhole: false);
        if (members is null || !IsSplit(members))
            throw new InvalidRequestException($"{rules.Member} must be an object with {Data}, and with {Columns} and {Index} if you like.");
        var reader = json.ReaderAt(frame, members[Data]);
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new InvalidRequestException($"{Data} of {rules.Member} must be a list of rows, each a list of values.");
        var names = members.TryGetValue(Columns, out var columns) ? NamesAt(frame, columns) : NumbersOf(reader);
        if (model.Features is { } features)
            inputs.ReadRows(ref reader, features, names, rules);
        else
            ReadTensor(ref reader);
    }

    /// <summary>Reads a list of records.</summary>
    /// <inheritdoc cref="ReadSplit"/>
    public void ReadRecords(in ReadOnlySequence<byte> body, long place)
    {
        var reader = json.ReaderAt(body, place);
        if (model.Version.Onnx.Signature.AllInputs.Any())
            inputs.ReadRecords(ref reader, model.Features, rules);
        else
            inputs.Clear();
    }

    // A model that takes no tables: the rows are those of its only input, if it has any.
    private void ReadTensor(ref Utf8JsonReader reader)
    {
        if (model.Version.Onnx.Signature.AllInputs.Any())
            inputs.Read(ref reader);
        else
            inputs.Clear();
    }

    private List<string> NamesAt(in ReadOnlySequence<byte> frame, long place)
    {
        var reader = json.ReaderAt(frame, place);
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new InvalidRequestException($"{Columns} of {rules.Member} must be a list of names.");
        var names = new List<string>();
        while (JsonTokens.Read(ref reader) && reader.TokenType != JsonTokenType.EndArray)
        {
            // pandas calls columns without names by their numbers.
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
                throw new InvalidRequestException($"{Columns} of {rules.Member} must be a list of names.");
            names.Add(reader.TokenType == JsonTokenType.Number ? JsonTokens.Text(ref reader) : JsonTokens.Name(ref reader) ?? throw new InvalidRequestException($"A name in {Columns} of {rules.Member} is not well-formed Unicode."));
        }

        return names;
    }

    // The columns of a frame without names are called 0, 1, 2 ... The reader is a copy.
    private static List<string> NumbersOf(Utf8JsonReader reader)
    {
        var names = new List<string>();
        if (!JsonTokens.Read(ref reader) || reader.TokenType != JsonTokenType.StartArray)
            return names;
        while (JsonTokens.Read(ref reader) && reader.TokenType != JsonTokenType.EndArray)
        {
            names.Add(names.Count.ToString(CultureInfo.InvariantCulture));
            JsonTokens.Skip(ref reader);
        }

        return names;
    }
}

/// <summary>Writes outputs as data frames are written: of one output its nested lists, of several a list with a record for each row; an object by output where they have not the same rows.</summary>
internal static class FrameWriter
{
    /// <summary>Writes the outputs, piece by piece.</summary>
    public static IEnumerable<bool> Pieces(Utf8JsonWriter writer, ResolvedModel model, PredictionOutputs outputs, PostProcessing? processing)
    {
        var names = model.Servable.Description.Signature.Outputs;
        if (outputs.Count == 1)
            return outputs.WritePieces(0, writer, processing);
        return processing is null && outputs.CommonRows is { } rows ? Records(writer, names.Select(name => name.Name).ToList(), outputs, rows) : Columns(writer, names.Select(name => name.Name).ToList(), outputs, processing);
    }

    private static IEnumerable<bool> Records(Utf8JsonWriter writer, List<string> names, PredictionOutputs outputs, int rows)
    {
        writer.WriteStartArray();
        for (var row = 0; row < rows; row++)
        {
            writer.WriteStartObject();
            for (var i = 0; i < names.Count; i++)
            {
                writer.WritePropertyName(names[i]);
                outputs.WriteRow(i, row, writer);
            }

            writer.WriteEndObject();
            if (writer.BytesPending >= AnswerBuffer.PieceBytes)
                yield return true;
        }

        writer.WriteEndArray();
    }

    private static IEnumerable<bool> Columns(Utf8JsonWriter writer, List<string> names, PredictionOutputs outputs, PostProcessing? processing)
    {
        writer.WriteStartObject();
        for (var i = 0; i < names.Count; i++)
        {
            writer.WritePropertyName(names[i]);
            foreach (var piece in outputs.WritePieces(i, writer, processing))
                yield return piece;
        }

        writer.WriteEndObject();
    }
}
