using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <content>
/// The forms of TensorFlow Serving's REST API. Lists have all dimensions of the signature, and a string may be <c>{"b64": base64}</c>, so that the number of rows is always the
/// caller's. The reader is on the first token of the value, and is left on its last.
/// </content>
public sealed partial class PredictionInputs
{
    private const string Columns = "inputs";
    private const string Instances = "instances";
    private const string Examples = "examples";

    private static readonly TableRules InstanceRules = new() { Member = Instances, IsTensorFlow = true };
    private static readonly TableRules ExampleRules = new() { Member = Examples, IsTensorFlow = true };

    /// <summary>Reads <c>inputs</c>: the value of the only input, or an object with a value for each.</summary>
    /// <exception cref="InvalidInputException">The value does not fit the model.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public void ReadColumns(ref Utf8JsonReader reader)
    {
        Clear();
        if (reader.TokenType == JsonTokenType.StartObject && !Base64Object.IsAhead(reader))
            ReadObject(ref reader, features: null, Columns, isExact: true);
        else
            ReadOnlyInput(ref reader, Columns, "an object");
    }

    /// <summary>Reads <c>instances</c>: a list of the rows of the only input, or of objects with a row for each input, or, with features, of objects with a value for each of them.</summary>
    /// <inheritdoc cref="ReadColumns"/>
    public void ReadInstances(ref Utf8JsonReader reader, FeatureColumns? features)
    {
        Clear();
        var first = FirstOf(reader, Instances);
        if (first.TokenType != JsonTokenType.StartObject || Base64Object.IsAhead(first))
            ReadOnlyInput(ref reader, Instances, "a list of objects");
        else if (features is { IsDerived: false } && RecordReader.IsAhead(first, _names, features))
            new RecordReader(_tensors, features, _takesMissing, InstanceRules).ReadRecords(ref reader);
        else
            new RowsReader(this, _readers, _takesMissing, Instances, areExamples: false).Read(ref reader);
    }

    /// <summary>Reads <c>examples</c>: a list of objects with a single value or a flat list for each input, or, with features, with a value for each of them.</summary>
    /// <param name="reader">On the list.</param>
    /// <param name="context">On the object with what all examples share; on no token without one.</param>
    /// <param name="features">The columns of the input; null without names.</param>
    /// <returns>The number of examples.</returns>
    /// <inheritdoc cref="ReadColumns"/>
    public int ReadExamples(ref Utf8JsonReader reader, Utf8JsonReader context, FeatureColumns? features)
    {
        Clear();
        var first = FirstOf(reader, Examples);
        if (context.TokenType != JsonTokenType.None)
            ChargeContext(reader, context);
        var areRecords = features is { IsDerived: false } && RecordReader.IsAhead(first, _names, features) && (context.TokenType == JsonTokenType.None || RecordReader.IsAhead(context, _names, features));
        return areRecords
            ? new RecordReader(_tensors, features!, _takesMissing, ExampleRules).ReadRecords(ref reader, context)
            : new RowsReader(this, _readers, _takesMissing, Examples, areExamples: true).Read(ref reader, context);
    }

    private void ReadOnlyInput(ref Utf8JsonReader reader, string member, string form)
    {
        if (_required != 1)
            throw new InvalidInputException($"the model has {InputError.Count(_required, "input")}: {member} must be {form} with {InputList()}; got {InputError.Noun(reader.TokenType)}");
        _readers[0].Read(ref reader, isExact: true);
    }

    // The reader is a copy.
    private static Utf8JsonReader FirstOf(Utf8JsonReader reader, string member)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new InvalidInputException($"{member} must be a list; got {InputError.Noun(reader.TokenType)}");
        Next(ref reader);
        return reader.TokenType == JsonTokenType.EndArray ? throw new InvalidInputException($"{member} is an empty list: send at least one row") : reader;
    }

    // Each example reads the context anew, so that a short body can have many elements, and can take long. The readers are copies.
    private void ChargeContext(Utf8JsonReader examples, Utf8JsonReader context)
    {
        if (context.TokenType != JsonTokenType.StartObject)
            throw new InvalidInputException($"context must be an object; got {InputError.Noun(context.TokenType)}");
        var (rows, start) = (0L, context.BytesConsumed);
        for (Next(ref examples); examples.TokenType != JsonTokenType.EndArray; Next(ref examples), rows++)
            JsonTokens.Skip(ref examples);
        JsonTokens.Skip(ref context);
        // At most every second byte is an element.
        var length = context.BytesConsumed - start;
        var bytes = (Int128)rows * length * (_hasText ? _elementBytes + 2 : _elementBytes) / 2;
        if (bytes > _mostBytes)
            throw new InvalidInputException($"context has {InputError.Count(length, "byte")}, which is too much for {InputError.Count(rows, "example")}: send fewer examples in one request");
        _work?.Add((long)bytes);
        _reserved += (long)bytes;
    }
}
