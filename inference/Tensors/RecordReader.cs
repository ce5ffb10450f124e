using System.Text;
using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <summary>
/// Reads values that are given by the names of an input's columns into its tensor. Names and lengths are checked in a first pass, so that nothing is reserved for
/// values that are not there.
/// </summary>
/// <param name="buffer">The tensor that is filled.</param>
/// <param name="columns">Its columns.</param>
/// <param name="takesMissing">Whether missing values become NaN.</param>
internal sealed class RecordReader(TensorBuffer buffer, FeatureColumns columns, bool takesMissing)
{
    private readonly int _width = columns.Features.Count;

    // Strings have no fixed place in the tensor: they are collected here, and appended in order.
    private string[] _texts = [];

    private bool _isColumns;

    /// <summary>Whether the value that the reader is on is one of records: an object with other names than the inputs', or a list of objects.</summary>
    public static bool IsAhead(Utf8JsonReader reader, byte[][] inputs)
    {
        var isList = reader.TokenType == JsonTokenType.StartArray;
        if (isList)
            Advance(ref reader);
        if (reader.TokenType != JsonTokenType.StartObject)
            return false;
        Advance(ref reader);
        return isList || reader.TokenType != JsonTokenType.PropertyName || !IsOneOf(ref reader, inputs);
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

    /// <summary>Reads the value. The reader is on its first token, and is left on its last.</summary>
    /// <exception cref="InvalidInputException">A column is missing, unknown or there twice, or a value does not fit.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public void Read(ref Utf8JsonReader reader)
    {
        var rows = reader.TokenType == JsonTokenType.StartArray ? CountRecords(reader) : CountRows(reader);
        Reserve(rows);
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            for (var row = 0; row < rows; row++)
            {
                Advance(ref reader);
                Fill(ref reader, row);
            }

            Advance(ref reader);
        }
        else
        {
            Fill(ref reader, 0);
        }

        if (buffer.IsText)
            AppendTexts(rows);
    }

    private static void Advance(ref Utf8JsonReader reader)
    {
        if (!JsonTokens.Read(ref reader))
            throw new JsonException("The JSON ends early.");
    }

    // The reader is a copy.
    private int CountRecords(Utf8JsonReader reader)
    {
        var rows = 0;
        for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader))
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Got($"{InputError.Noun(reader.TokenType)} in row {rows} where an object belongs");
            var there = new bool[_width];
            while (Name(ref reader, there) is { } column)
                SkipScalar(ref reader, $" in row {rows}", column);
            Require(there, $", row {rows},");
            rows++;
        }

        return rows;
    }

    // The reader is a copy. Each column has a list of the same length; or each has one value, which is a row.
    private int CountRows(Utf8JsonReader reader)
    {
        var there = new bool[_width];
        var rows = -1;
        while (Name(ref reader, there) is { } column)
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
                throw Got($"a list in some columns and a single value in others ({Shown(column)})");
            else if (count != rows)
                throw Got($"{InputError.Count(count, "value")} in column {Shown(column)}, but {rows} in the columns before it");
        }

        Require(there, "");
        return rows;
    }

    /// <summary>Goes on to the value of the next member; null at the end of the object.</summary>
    private int? Name(ref Utf8JsonReader reader, bool[] there)
    {
        Advance(ref reader);
        if (reader.TokenType == JsonTokenType.EndObject)
            return null;
        var column = columns.Find(ref reader);
        if (there[column])
            throw new InvalidInputException($"values has {InputError.Text(ref reader)} twice");
        there[column] = true;
        Advance(ref reader);
        return column;
    }

    private void SkipScalar(ref Utf8JsonReader reader, string at, int column)
    {
        if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            throw Got($"{InputError.Noun(reader.TokenType)}{at}, column {Shown(column)}, where a single value belongs");
    }

    private void Require(bool[] there, string where)
    {
        if (there.Contains(false))
            throw columns.Lacks(there, where);
    }

    private void Reserve(int rows)
    {
        var signature = buffer.Signature;
        long[] shape = signature.Shape!.Count == 2 ? [rows, _width] : [signature.HasVariableBatch ? rows : _width];
        if (signature is { Shape.Count: 1, HasVariableBatch: false } && rows != 1)
            throw Got(InputError.Count(rows, "row"));
        if (!buffer.IsText)
        {
            buffer.Reserve(shape);
            return;
        }

        if (signature.Shape[0] >= 0 && shape[0] != signature.Shape[0])
            throw Got(InputError.Count(rows, "row"));
        buffer.Complete(shape);
        _texts = new string[rows * _width];
    }

    private void Fill(ref Utf8JsonReader reader, int row)
    {
        Advance(ref reader);
        while (reader.TokenType != JsonTokenType.EndObject)
        {
            var column = columns.Find(ref reader);
            Advance(ref reader);
            if (_isColumns)
            {
                var at = 0;
                for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader))
                    Put(ref reader, at++, column);
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
        var element = (row * _width) + column;
        var error = buffer.IsText ? PutText(ref reader, element, column) : ElementToken.Read(buffer.Datatype, ref reader, buffer.At(element));
        if (error == ElementError.WrongToken && !buffer.IsText && MissingValues.Of(ref reader) is { } value)
            error = MissingValues.Write(value, buffer.Datatype, takesMissing, columns, column, buffer.At(element));
        if (error != ElementError.None)
            throw Got(InputError.Element(ref reader, error, buffer.Datatype, $" in row {row}, column {Shown(column)}"));
    }

    private ElementError PutText(ref Utf8JsonReader reader, int element, int column)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            if (columns.DefaultOf(column) is not { } usual)
                return ElementError.Missing;
            _texts[element] = Encoding.UTF8.GetString(usual);
            return ElementError.None;
        }

        if (reader.TokenType != JsonTokenType.String)
            return ElementError.WrongToken;
        try
        {
            _texts[element] = reader.GetString()!;
            return ElementError.None;
        }
        catch (InvalidOperationException)
        {
            return ElementError.NotUnicode;
        }
    }

    private void AppendTexts(int rows)
    {
        for (var i = 0; i < rows * _width; i++)
            buffer.AppendText(Encoding.UTF8.GetBytes(_texts[i]));
    }

    private string Shown(int column) => $"'{columns.Features[column].Name}'";

    private InvalidInputException Got(string got) => InputError.Got(buffer.Signature, got);
}
