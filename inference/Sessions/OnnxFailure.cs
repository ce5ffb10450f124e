using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference;

/// <summary>
/// Decides whose fault a failed run is. The model was validated and its input has the types and dimensions of its signature, so what a node
/// refuses is in the input's values: an index out of range, lengths that do not go together. Only a lack of memory is ours.
/// </summary>
internal static partial class OnnxFailure
{
    /// <summary>The exception to throw instead.</summary>
    public static Exception FromRun(OnnxRuntimeException failure, ServableModel model)
    {
        if (LackOfMemory().IsMatch(failure.Message))
            return new ModelRunException($"{model.Name}:{model.Version} ran out of memory.", failure);
        // A node inside a loop is named last.
        if (Node().Matches(failure.Message) is not [.., var node])
            return new InvalidInputException($"{model.Name} cannot take this input: {RuntimeMessage.Clean(failure.Message)}");
        var name = node.Groups["name"].Value;
        var which = name.Length == 0 ? $"its {node.Groups["op"].Value} node" : $"its {node.Groups["op"].Value} node {Printable.Quoted(name)}";
        return new InvalidInputException($"{model.Name} cannot take this input: {which} failed: {RuntimeMessage.Clean(failure.Message[(node.Index + node.Length)..])}");
    }

    [GeneratedRegex("Failed to allocate|bad_alloc|out of memory|BFCArena", RegexOptions.IgnoreCase)]
    private static partial Regex LackOfMemory();

    [GeneratedRegex("Non-zero status code returned while running (?<op>\\w+) node\\. Name:'(?<name>.*?)' Status Message: ")]
    private static partial Regex Node();
}
