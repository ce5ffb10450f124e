using System.Text;
using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <summary>
/// Reads nested JSON arrays into a tensor, in one pass and without intermediate objects. The rules are those of
/// <see cref="PredictionInputs.Read"/>. Dimension <c>d</c> of the tensor is the list at nesting <c>d</c>, or at nesting
/// <c>d - 1</c> when one observation came without its batch dimension.
/// </summary>
internal sealed class NestedReader(TensorBuffer buffer)
{
    // Expected length by dimension, -1 until the first list of an open dimension has told it.
    private readonly long[] _lengths = new long[buffer.Signature.Shape!.Count];

    // Elements seen so far in the open list of each dimension.
    private readonly long[] _counts = new long[buffer.Signature.Shape!.Count];

    // 1 when the batch dimension was left out.
    private int _outermost;

    private int Rank => _lengths.Length;

    /// <summary>Reads the value that the reader is on, and leaves the reader on its last token.</summary>
    public void Read<TSink>(ref Utf8JsonReader reader)
        where TSink : struct, IElementSink
    {
        for (var d = 0; d < Rank; d++)
            _lengths[d] = buffer.Signature.Shape![d];
        _outermost = 0;
        try
        {
            ChooseNesting(reader);
            ReadLists<TSink>(ref reader);
        }
        catch (IndexOutOfRangeException failure)
        {
            throw EndsInLiteral(failure);
        }

        // Of a dimension that no list has told there are no elements.
        foreach (ref var length in _lengths.AsSpan())
            length = Math.Max(length, 0);
        buffer.Complete(_lengths);
    }

    /// <summary>
    /// What Utf8JsonReader should throw when JSON in several segments, the last of them empty, ends inside <c>true</c>, <c>false</c> or
    /// <c>null</c>: https://github.com/dotnet/runtime/pull/134448.
    /// </summary>
    public static JsonException EndsInLiteral(IndexOutOfRangeException failure) => new("The JSON ends inside true, false or null.", failure);

    // The reader is a copy: looking ahead moves nothing.
    private void ChooseNesting(Utf8JsonReader ahead)
    {
        var nesting = 0;
        while (ahead.TokenType == JsonTokenType.StartArray)
        {
            if (++nesting > Rank)
                throw Got(Rank == 0 ? "a list" : $"lists nested more than {Rank} deep");
            Advance(ref ahead);
        }

        // A list that begins with an empty list has not shown its depth: it has the full one.
        if (nesting == Rank || (nesting > 0 && ahead.TokenType == JsonTokenType.EndArray))
            return;
        if (nesting == Rank - 1 && _lengths[0] is -1 or 1)
        {
            _outermost = 1;
            _lengths[0] = 1;
            return;
        }

        throw Got(nesting == 0 ? InputError.Noun(ahead.TokenType) : $"lists nested {nesting} deep");
    }

    private void ReadLists<TSink>(ref Utf8JsonReader reader)
        where TSink : struct, IElementSink
    {
        var innermost = Rank - 1;
        var open = _outermost - 1;
        while (true)
        {
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                if (open == innermost)
                    throw Got($"a list{At(open)} where a single value belongs");
                if (open >= _outermost)
                    CountElement(ref reader, open);
                _counts[++open] = 0;
            }
            else if (reader.TokenType == JsonTokenType.EndArray)
            {
                if (_lengths[open] != _counts[open])
                {
                    if (_lengths[open] >= 0)
                        throw WrongLength(open, _counts[open]);
                    _lengths[open] = _counts[open];
                }

                open--;
            }
            else
            {
                if (open != innermost)
                    throw Got($"{InputError.Noun(reader.TokenType)}{At(open)} where a list belongs");
                if (open >= _outermost && _counts[open] == _lengths[open])
                    throw TooLong(ref reader, open);
                var error = TSink.Append(ref reader, buffer);
                if (error != ElementError.None)
                    throw WrongElement(ref reader, error, open);
                if (open >= _outermost)
                    _counts[open]++;
            }

            if (open < _outermost)
                return;
            Advance(ref reader);
        }
    }

    private void CountElement(ref Utf8JsonReader reader, int open)
    {
        if (_counts[open] == _lengths[open])
            throw TooLong(ref reader, open);
        _counts[open]++;
    }

    private static void Advance(ref Utf8JsonReader reader)
    {
        // Only of a reader that was promised more bytes.
        if (!reader.Read())
            throw new JsonException("The JSON ends early.");
    }

    private InvalidInputException TooLong(ref Utf8JsonReader reader, int open)
    {
        var count = _counts[open];
        while (reader.TokenType != JsonTokenType.EndArray)
        {
            count++;
            reader.Skip();
            Advance(ref reader);
        }

        return WrongLength(open, count);
    }

    private InvalidInputException WrongLength(int open, long count)
    {
        var noun = open == Rank - 1 ? "value" : open == 0 ? "row" : "list";
        var ragged = buffer.Signature.Shape![open] < 0 && open > 0 ? $", but {_lengths[open]} before it" : "";
        // A list stands where its parents' counts say.
        return Got(InputError.Count(count, noun) + Where(open - 1) + ragged);
    }

    private InvalidInputException WrongElement(ref Utf8JsonReader reader, ElementError error, int open) => Got(error switch
    {
        ElementError.NotIntegral => $"{InputError.Text(ref reader)}{At(open)}, which is not an integer",
        ElementError.OutOfRange => $"{InputError.Text(ref reader)}{At(open)}, which is out of range",
        ElementError.NotUnicode => $"a string{At(open)} that is not well-formed Unicode",
        _ => InputError.Noun(reader.TokenType) + At(open),
    });

    private InvalidInputException Got(string got) => InputError.Got(buffer.Signature, got);

    // The element that is being read, whose list is the one open at dimension `open`: " at [0][2]".
    private string At(int open) => Path(open, next: true);

    // A list, by its place in the one at dimension `parent`: " in row 2" where rows are all there is, " at [0][2]" elsewhere.
    private string Where(int parent) =>
        parent == 0 && _outermost == 0 && Rank == 2 ? $" in row {_counts[0] - 1}" : Path(parent, next: false);

    // The count of a list already includes an element that is a list and open, but not a value that is being read (`next`).
    private string Path(int last, bool next)
    {
        if (last < _outermost)
            return "";
        var path = new StringBuilder(" at ");
        for (var d = _outermost; d <= last; d++)
            path.Append('[').Append(d == last && next ? _counts[d] : _counts[d] - 1).Append(']');
        return path.ToString();
    }
}
