using System.Text.Json;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tensors;

/// <summary>
/// The names of a version's classes, and the output that they name: the only tensor of class numbers (integers, one for each row), or, without one, the only tensor with a
/// score for each class, of which the highest counts. Immutable.
/// </summary>
public sealed class ClassLabels
{
    private ClassLabels(IReadOnlyList<string> names, int output, bool areScores) => (Names, Output, AreScores) = (names, output, areScores);

    /// <summary>The names, in the order of the classes.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Index of the output.</summary>
    public int Output { get; }

    /// <summary>Whether the output has a score for each class, and not the number of one.</summary>
    internal bool AreScores { get; }

    /// <summary>The names of the classes of a version; null when it has none, or no output, or several, that they could name.</summary>
    public static ClassLabels? Of(IReadOnlyList<string> names, ModelSignature signature)
    {
        if (names.Count == 0)
            return null;
        var outputs = signature.Outputs.Index().Where(output => output.Item is { Kind: ValueKind.Tensor }).ToList();
        var numbers = outputs.Where(output => IsInteger(output.Item.Datatype!.Value) && output.Item.Shape is [] or [_] or [_, 1]).ToList();
        if (numbers.Count > 0)
            return numbers is [var number] ? new ClassLabels(names, number.Index, areScores: false) : null;
        var scores = outputs.Where(output => !IsInteger(output.Item.Datatype!.Value) && output.Item.Datatype is not (Datatype.Bytes or Datatype.Bool)
            && output.Item.Shape is { Count: 1 or 2 } shape && (shape[^1] == names.Count || shape[^1] < 0)).ToList();
        return scores is [var score] ? new ClassLabels(names, score.Index, areScores: true) : null;
    }

    /// <summary>The name of a class in JSON; null when there is no such class.</summary>
    internal void Write(long place, Utf8JsonWriter writer)
    {
        if (place >= 0 && place < Names.Count)
            writer.WriteStringValue(Names[(int)place]);
        else
            writer.WriteNullValue();
    }

    private static bool IsInteger(Datatype datatype) =>
        datatype is Datatype.Int8 or Datatype.Int16 or Datatype.Int32 or Datatype.Int64 or Datatype.UInt8 or Datatype.UInt16 or Datatype.UInt32 or Datatype.UInt64;
}
