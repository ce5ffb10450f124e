using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <summary>
/// Reads rows that are objects with a value for each input, in the forms of TensorFlow Serving's REST API: of each input, the values of all rows are one tensor, whose first dimension is that
/// of the rows. An instance has values in nested lists; an example has single values or flat lists, and what it lacks may be in a context that all examples share.
/// </summary>
/// <param name="inputs">What is filled.</param>
/// <param name="readers">The reader of each input, for instances.</param>
/// <param name="takesMissing">Whether missing values become NaN.</param>
/// <param name="list">What the list is called in messages.</param>
/// <param name="areExamples">Whether the rows are examples.</param>
internal sealed class RowsReader(PredictionInputs inputs, NestedReader[] readers, bool takesMissing, string list, bool areExamples)
{
    // The inputs that the current row has given, and those of the first row, which all others must have, too.
    private readonly bool[] _there = new bool[readers.Length];
    private readonly bool[] _first = new bool[readers.Length];

    // Shapes of a single row by input, for examples.
    private readonly long[][] _shapes = new long[readers.Length][];

    private int _rows;

    // Names mostly come in the same order in each row.
    private int _next;

    /// <summary>Reads the list of rows. The reader is on its beginning, and is left on its end.</summary>
    /// <param name="reader">On the list.</param>
    /// <param name="context">On the object with what examples share; on no token without one.</param>
    /// <returns>Their number.</returns>
    /// <exception cref="InvalidInputException">An input is missing, unknown or there twice, or a value does not fit.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public int Read(ref Utf8JsonReader reader, Utf8JsonReader context = default)
    {
        for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader), _rows++)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new InvalidInputException($"{list} has {InputError.Noun(reader.TokenType)} at [{_rows}], where an object with the model's inputs belongs");
            Array.Clear(_there);
            ReadRow(ref reader);
            if (context.TokenType == JsonTokenType.StartObject)
                ReadContext(context);
            RequireAll();
        }

        for (var i = 0; i < readers.Length; i++)
        {
            if (_first[i])
                End(i);
        }

        return _rows;
    }

    private static void Advance(ref Utf8JsonReader reader)
    {
        if (!JsonTokens.Read(ref reader))
            throw new JsonException("The JSON ends early.");
    }

    private void ReadRow(ref Utf8JsonReader reader)
    {
        for (Advance(ref reader); reader.TokenType != JsonTokenType.EndObject; Advance(ref reader))
        {
            var input = inputs.FindName(ref reader, list, _next);
            if (_there[input])
                throw new InvalidInputException($"{list} has {Name(input)} twice at [{_rows}]");
            _there[input] = true;
            _next = input + 1;
            Advance(ref reader);
            ReadValue(input, ref reader);
        }
    }

    // Of an input that an example has, the example's value counts. The reader is a copy.
    private void ReadContext(Utf8JsonReader context)
    {
        var given = new bool[_there.Length];
        for (Advance(ref context); context.TokenType != JsonTokenType.EndObject; Advance(ref context))
        {
            var input = inputs.FindName(ref context, "context");
            if (given[input])
                throw new InvalidInputException($"context has {Name(input)} twice");
            given[input] = true;
            Advance(ref context);
            if (_there[input])
                JsonTokens.Skip(ref context);
            else
                ReadValue(input, ref context);
        }

        for (var i = 0; i < given.Length; i++)
            _there[i] |= given[i];
    }

    private void RequireAll()
    {
        if (_rows == 0)
            _there.CopyTo(_first, 0);
        for (var i = 0; i < _there.Length; i++)
        {
            if (!_there[i] && (_first[i] || i < inputs.Count))
                throw new InvalidInputException($"{list} lacks {Name(i)} at [{_rows}], which expects {inputs[i].Signature.TypeName}");
        }
    }

    private void ReadValue(int input, ref Utf8JsonReader reader)
    {
        if (_rows > 0 && !_first[input])
            throw new InvalidInputException($"{list} has {Name(input)} at [{_rows}], but not before");

        if (!areExamples)
        {
            if (_rows == 0)
                readers[input].BeginRows();
            readers[input].ReadRow(ref reader);
            return;
        }

        if (_rows == 0)
            Begin(input, reader);
        ShapedReader.ReadFeature(inputs[input], takesMissing, ElementsOfRow(input), ref reader);
    }

    // A flat list has no shape: all lengths are the signature's, or all but one. The reader is a copy.
    private void Begin(int input, Utf8JsonReader reader)
    {
        var tensor = inputs[input];
        tensor.Clear();
        if (tensor.Signature.Shape is not { Count: > 0 } signature)
            throw InputError.Got(tensor.Signature, "an example, which an input without dimensions does not take");
        long[] row = [.. signature.Skip(1)];
        long[] shape = [1, .. row];
        if (row.Count(length => length < 0) > 1)
            throw InputError.Got(tensor.Signature, "an example, whose flat lists have no shape: use :predict");
        var open = Array.IndexOf(shape, -1);
        if (open >= 0)
        {
            var known = row.Where(length => length >= 0).Aggregate((Int128)1, (product, length) => Int128.Min(product * length, long.MaxValue));
            shape[open] = known > 0 ? (long)(Count(reader) / known) : 0;
        }

        // Refuses what is over the limit of one input.
        if (tensor.Signature.HasVariableBatch)
            tensor.ElementsOf(shape);
        _shapes[input] = shape;
    }

    private static int Count(Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return 1;
        var count = 0;
        for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader), count++)
            JsonTokens.Skip(ref reader);
        return count;
    }

    private int ElementsOfRow(int input) =>
        (int)_shapes[input].Aggregate((Int128)1, (product, length) => Int128.Min(product * length, int.MaxValue));

    private void End(int input)
    {
        if (!areExamples)
        {
            readers[input].EndRows();
            return;
        }

        _shapes[input][0] = _rows;
        // Refuses another number of rows than a fixed one.
        inputs[input].ElementsOf(_shapes[input]);
        inputs[input].Complete(_shapes[input]);
    }

    private string Name(int input) => inputs[input].Signature.Name;
}
