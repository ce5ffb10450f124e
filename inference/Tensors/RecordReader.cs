using System.Text;
using System.Text.Json;
using Larder.Inference.Rows;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tensors;

/// <summary>
/// Reads a table in JSON into the tensors of its columns: records, rows or columns. Names and lengths are checked in a first pass, so that nothing is reserved for
/// values that are not there.
/// </summary>
/// <param name="tensors">The tensors of the model's inputs.</param>
/// <param name="columns">Its columns.</param>
/// <param name="takesMissing">Whether missing values become NaN.</param>
/// <param name="rules">What is said of a table that does not fit.</param>
internal sealed class RecordReader(TensorBuffer[] tensors, FeatureColumns columns, bool takesMissing, TableRules rules)
{
    private readonly int _count = columns.Features.Count;

    // Strings have no fixed place in the tensor: they are collected here, by tensor, and appended in order.
    private readonly byte[]?[]?[] _texts = new byte[]?[tensors.Length][];

    // The columns that a context gives to all records.
    private readonly bool[] _shared = new bool[columns.Features.Count];

    // The columns that the first row has, and then all of them.
    private bool[]? _there;

    private bool _isColumns;

    /// <summary>
    /// Whether the value that the reader is on is a table: an object, or a list of objects. Where the names of the columns are made of the inputs' names, the first name must be one of them; where
    /// they are features, an object whose first name is an input's is none.
    /// </summary>
    public static bool IsAhead(Utf8JsonReader reader, byte[][] inputs, FeatureColumns columns)
    {
        var isList = reader.TokenType == JsonTokenType.StartArray;
        if (isList)
            Advance(ref reader);
        if (reader.TokenType != JsonTokenType.StartObject)
            return false;
        Advance(ref reader);
        if (reader.TokenType != JsonTokenType.PropertyName)
            return isList || !columns.IsDerived;
        if (columns.IsDerived)
            return (isList || !IsOneOf(ref reader, inputs)) && columns.Has(ref reader);
        return isList || !IsOneOf(ref reader, inputs);
    }

    /// <summary>The names of the members of the first record. The reader, a copy, is on the list's beginning.</summary>
    public static IReadOnlyList<string> FirstNames(Utf8JsonReader reader)
    {
        var names = new List<string>();
        if (reader.TokenType != JsonTokenType.StartArray)
            return names;
        Advance(ref reader);
        if (reader.TokenType != JsonTokenType.StartObject)
            return names;
        for (Advance(ref reader); reader.TokenType == JsonTokenType.PropertyName; Advance(ref reader))
        {
            // One that is no Unicode is no name of anything.
            names.Add(JsonTokens.Name(ref reader) ?? "");
            Advance(ref reader);
            JsonTokens.Skip(ref reader);
        }

        return names;
    }

    private static bool IsOneOf(ref Utf8JsonReader reader, byte[][] names)
    {
        foreach (var name in names)
        {
            if (JsonTokens.IsName(ref reader, name))
                return true;
        }

        return false;
    }

    /// <summary>Reads records, or an object by column. The reader is on the value's first token, and is left on its last.</summary>
    /// <exception cref="InvalidInputException">A column is missing, unknown or there twice, or a value does not fit.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public void Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            ReadRecords(ref reader);
            return;
        }

        var rows = CountRows(reader);
        Reserve(rows);
        Fill(ref reader, 0);
        AppendTexts();
    }

    /// <summary>Reads records: a list of objects.</summary>
    /// <param name="reader">On the list.</param>
    /// <param name="context">On an object with the values of columns that records lack; on no token without one.</param>
    /// <returns>The number of records.</returns>
    /// <inheritdoc cref="Read"/>
    public int ReadRecords(ref Utf8JsonReader reader, Utf8JsonReader context = default)
    {
        RequireList(ref reader, "records");
        Share(context);
        var rows = CountRecords(reader);
        Reserve(rows);
        for (var row = 0; row < rows; row++)
        {
            // What a record has itself is written over it.
            if (context.TokenType == JsonTokenType.StartObject)
            {
                var shared = context;
                Fill(ref shared, row);
            }

            Advance(ref reader);
            Fill(ref reader, row);
        }

        Advance(ref reader);
        AppendTexts();
        return rows;
    }

    /// <summary>Reads rows: a list of lists.</summary>
    /// <param name="reader">On the beginning of the list.</param>
    /// <param name="places">The column of each value in a row; -1 for one that is skipped.</param>
    /// <inheritdoc cref="Read"/>
    public void ReadRows(ref Utf8JsonReader reader, int[] places)
    {
        RequireList(ref reader, "rows");
        _there = new bool[_count];
        foreach (var place in places.Where(place => place >= 0))
            _there[place] = true;
        var rows = CountLists(reader, places);
        Reserve(rows);
        for (var row = 0; row < rows; row++)
        {
            Advance(ref reader);
            foreach (var place in places)
            {
                Advance(ref reader);
                if (place >= 0)
                    Put(ref reader, row, place);
                else
                    JsonTokens.Skip(ref reader);
            }

            Advance(ref reader);
        }

        Advance(ref reader);
        AppendTexts();
    }

    private static void Advance(ref Utf8JsonReader reader)
    {
        if (!JsonTokens.Read(ref reader))
            throw new JsonException("The JSON ends early.");
    }

    private void RequireList(ref Utf8JsonReader reader, string what)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Got($"{InputError.Noun(reader.TokenType)} where a list of {what} belongs");
    }

    // The reader is a copy.
    private void Share(Utf8JsonReader context)
    {
        if (context.TokenType != JsonTokenType.StartObject)
            return;
        while (Name(ref context, _shared, []) is { } column)
            SkipScalar(ref context, " in context", column);
    }

    // The reader is a copy.
    private int CountRecords(Utf8JsonReader reader)
    {
        var rows = 0;
        for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader))
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Got($"{InputError.Noun(reader.TokenType)} in row {rows} where an object belongs");
            var (there, others) = (new bool[_count], new List<string>());
            while (Name(ref reader, there, others) is { } column)
                SkipScalar(ref reader, $" in row {rows}", column);
            for (var column = 0; column < _count; column++)
                there[column] |= _shared[column];
            // What one record has, all have.
            columns.Require(there, others, $", row {rows},", rules);
            _there ??= there;
            for (var i = columns.Required; i < _count; i++)
            {
                if (there[i] != _there[i])
                    throw new InvalidInputException($"{rules.Member} has {columns.Features[i].Name} in some rows and not in others (row {rows})");
            }

            rows++;
        }

        return rows;
    }

    // The reader is a copy. Each column has a list of the same length; or each has one value, which is a row.
    private int CountRows(Utf8JsonReader reader)
    {
        var (there, others) = (_there = new bool[_count], new List<string>());
        var rows = -1;
        while (Name(ref reader, there, others) is { } column)
        {
            var isList = reader.TokenType == JsonTokenType.StartArray;
            var count = 1;
            if (isList)
            {
                count = 0;
                for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader), count++)
                    SkipScalar(ref reader, $" at [{count}]", column);
            }
            else
            {
                SkipScalar(ref reader, "", column);
            }

            if (rows < 0)
                (rows, _isColumns) = (count, isList);
            else if (isList != _isColumns)
                throw Got(column, $"a list in some columns and a single value in others ({Shown(column)})");
            else if (count != rows)
                throw Got(column, $"{InputError.Count(count, "value")} in column {Shown(column)}, but {rows} in the columns before it");
        }

        columns.Require(there, others, "", rules);
        return rows;
    }

    // The reader is a copy.
    private int CountLists(Utf8JsonReader reader, int[] places)
    {
        var rows = 0;
        for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader), rows++)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
                throw Got($"{InputError.Noun(reader.TokenType)} in row {rows} where a list belongs");
            var count = 0;
            for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader), count++)
            {
                if (count < places.Length && places[count] >= 0)
                    SkipScalar(ref reader, $" in row {rows}", places[count]);
                else
                    JsonTokens.Skip(ref reader);
            }

            if (count != places.Length)
                throw Got($"{InputError.Count(count, "value")} in row {rows}, and there are {InputError.Count(places.Length, "column")}");
        }

        return rows;
    }

    /// <summary>Goes on to the value of the next member that is a column; null at the end of the object.</summary>
    private int? Name(ref Utf8JsonReader reader, bool[] there, List<string> others)
    {
        while (true)
        {
            Advance(ref reader);
            if (reader.TokenType == JsonTokenType.EndObject)
                return null;
            var column = columns.Find(ref reader, rules);
            if (column < 0)
            {
                others.Add(InputError.Text(ref reader));
                Advance(ref reader);
                JsonTokens.Skip(ref reader);
                continue;
            }

            if (there[column])
                throw FeatureColumns.Twice(InputError.Text(ref reader), rules);
            there[column] = true;
            Advance(ref reader);
            return column;
        }
    }

    private void SkipScalar(ref Utf8JsonReader reader, string at, int column)
    {
        if (!rules.IsTensorFlow || reader.TokenType != JsonTokenType.StartArray)
        {
            SkipElement(ref reader, at, column);
            return;
        }

        Advance(ref reader);
        SkipElement(ref reader, at, column);
        Advance(ref reader);
        if (reader.TokenType != JsonTokenType.EndArray)
            throw Got(column, $"several values{at}, column {Shown(column)}, which has one");
    }

    private void SkipElement(ref Utf8JsonReader reader, string at, int column)
    {
        if (rules.IsTensorFlow && tensors[columns.At(column).Input].IsText && Base64Object.IsAhead(reader))
            JsonTokens.Skip(ref reader);
        else if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject or JsonTokenType.EndArray)
            throw Unfitting(ref reader, column, $"{InputError.Noun(reader.TokenType)}{at}, column {Shown(column)}, where a single value belongs");
    }

    private void Reserve(int rows)
    {
        var reserved = -1;
        for (var column = 0; column < _count; column++)
        {
            var (input, _) = columns.At(column);
            // Of no records, the required columns are there.
            if (input == reserved || !(_there?[column] ?? column < columns.Required))
                continue;
            reserved = input;
            var buffer = tensors[input];
            var shape = RowShape.Of(buffer.Signature, rows, columns.WidthOf(input)) ?? throw InputError.Got(buffer.Signature, InputError.Count(rows, "row"));
            if (!buffer.IsText)
            {
                buffer.Reserve(shape);
                continue;
            }

            _texts[input] = new byte[buffer.ElementsOf(shape)][];
            buffer.Complete(shape);
        }
    }

    private void Fill(ref Utf8JsonReader reader, int row)
    {
        Advance(ref reader);
        while (reader.TokenType != JsonTokenType.EndObject)
        {
            var column = columns.Find(ref reader, rules);
            Advance(ref reader);
            if (column < 0)
            {
                JsonTokens.Skip(ref reader);
            }
            else if (_isColumns)
            {
                var at = 0;
                for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader))
                    Put(ref reader, at++, column);
            }
            else if (reader.TokenType == JsonTokenType.StartArray)
            {
                Advance(ref reader);
                Put(ref reader, row, column);
                Advance(ref reader);
            }
            else
            {
                Put(ref reader, row, column);
            }

            Advance(ref reader);
        }
    }

    private void Put(ref Utf8JsonReader reader, int row, int column)
    {
        var (input, place) = columns.At(column);
        var (buffer, element) = (tensors[input], (row * columns.WidthOf(input)) + place);
        var error = buffer.IsText ? PutText(ref reader, ref _texts[input]![element], column)
            : !rules.TakesWholeFloats && IsFloat(ref reader, buffer.Datatype) ? ElementError.NotIntegral
            : ElementToken.Read(buffer.Datatype, ref reader, buffer.At(element));
        if (error == ElementError.WrongToken && !buffer.IsText && MissingValues.Of(ref reader) is { } value)
            error = MissingValues.Write(value, buffer.Datatype, takesMissing, columns, column, buffer.At(element));
        if (error != ElementError.None)
            throw Unfitting(ref reader, column, InputError.Element(ref reader, error, buffer.Datatype, $" in row {row}, column {Shown(column)}"));
    }

    // A number of an integer column that is written as one of floating point.
    private static bool IsFloat(ref Utf8JsonReader reader, Datatype datatype)
    {
        if (reader.TokenType != JsonTokenType.Number || datatype is Datatype.Fp16 or Datatype.Bf16 or Datatype.Fp32 or Datatype.Fp64)
            return false;
        Span<byte> scratch = stackalloc byte[64];
        return JsonNumber.Token(in reader, scratch).ContainsAny(".eE"u8);
    }

    private ElementError PutText(ref Utf8JsonReader reader, ref byte[]? text, int column)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            text = columns.DefaultOf(column);
            return text is null ? ElementError.Missing : ElementError.None;
        }

        if (rules.IsTensorFlow && Base64Object.IsAhead(reader))
        {
            text = Base64Object.TryRead(ref reader);
            return text is null ? ElementError.NotBase64 : ElementError.None;
        }

        if (reader.TokenType != JsonTokenType.String)
            return ElementError.WrongToken;
        try
        {
            text = Encoding.UTF8.GetBytes(reader.GetString()!);
            return ElementError.None;
        }
        catch (InvalidOperationException)
        {
            return ElementError.NotUnicode;
        }
    }

    private void AppendTexts()
    {
        for (var input = 0; input < tensors.Length; input++)
        {
            foreach (var text in _texts[input] ?? [])
                tensors[input].AppendText(text!);
        }
    }

    private string Shown(int column) => $"'{columns.Features[column].Name}'";

    // About the whole table: the first of its inputs stands for it.
    private InvalidInputException Got(string got) => Got(0, got);

    private InvalidInputException Got(int column, string got) => InputError.Got(tensors[columns.At(column).Input].Signature, got);

    private InvalidInputException Unfitting(ref Utf8JsonReader reader, int column, string got)
    {
        var signature = tensors[columns.At(column).Input].Signature;
        return new InvalidInputException(rules.Unfitting(columns.Features[column].Name, reader.TokenType, signature.Datatype!.Value, InputError.Got(signature, got).Message));
    }
}
