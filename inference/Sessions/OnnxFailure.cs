using System.Globalization;
using System.Text.RegularExpressions;
using Larder.Inference.Memory;
using Larder.Inference.Tensors;
using Larder.Inference.Validation.Sandbox;
using Larder.Inference.Validation.Scanning;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>
/// Decides whether the request or the server caused a failed run. The model was validated and its input has the types and dimensions of its signature, so what a node
/// refuses is in the input's values: an index out of range, lengths that do not go together, a size that no memory can hold.
/// </summary>
internal static partial class OnnxFailure
{
    /// <summary>The exception to throw instead.</summary>
    public static Exception FromRun(OnnxRuntimeException failure, ServableModel model, OnnxEnvironment environment)
    {
        if (IsLackOfMemory(failure))
            return LackOfMemory(BytesWanted(failure), model, environment);
        // A node inside a loop is named last.
        if (Node().Matches(failure.Message) is not [.., var node])
            return new InvalidInputException($"{model.Name} cannot take this input: {RuntimeMessage.Clean(failure.Message)}");
        var name = node.Groups["name"].Value;
        var which = name.Length == 0 ? $"its {node.Groups["op"].Value} node" : $"its {node.Groups["op"].Value} node {Printable.Quoted(name)}";
        return new InvalidInputException($"{model.Name} cannot take this input: {which} failed: {RuntimeMessage.Clean(failure.Message[(node.Index + node.Length)..])}");
    }

    /// <summary>Whether an allocation was refused.</summary>
    public static bool IsLackOfMemory(OnnxRuntimeException failure) => LackOfMemoryText().IsMatch(failure.Message);

    /// <summary>The bytes of the allocation that the runs' arena refused; the largest number for any other failure.</summary>
    public static decimal BytesWanted(OnnxRuntimeException failure) =>
        WantedText().Match(failure.Message) is { Success: true } wanted ? decimal.Parse(wanted.Groups["bytes"].ValueSpan, CultureInfo.InvariantCulture) : decimal.MaxValue;

    private static Exception LackOfMemory(decimal wanted, ServableModel model, OnnxEnvironment environment)
    {
        var most = $"{InputError.Size(environment.RunBytes)}, Limits:RunBytes";
        if (wanted == decimal.MaxValue)
            return new InvalidInputException($"{model.Name} cannot take this input: the run needs more memory than the server can give it. Ask for less at a time.");
        if (wanted > environment.RunBytes)
            return new InvalidInputException($"{model.Name} cannot take this input: a single value of the run would have {InputError.Size((long)decimal.Min(wanted, long.MaxValue))}, and all runs together may have {most}. Ask for less at a time.");
        return environment.HasOneHolder
            ? new InvalidInputException($"{model.Name} cannot take this input: the run needs more memory than all runs together may have ({most}). Ask for less at a time.")
            : new MemoryBusyException($"{model.Name}:{model.Version} needs more memory than other runs leave of what all may have ({most}). Try again later.");
    }

    [GeneratedRegex("Failed to allocate|bad_alloc|out of memory|BFCArena|Available memory of", RegexOptions.IgnoreCase)]
    private static partial Regex LackOfMemoryText();

    [GeneratedRegex("requested (?:buffer of size|bytes of) (?<bytes>\\d{1,20})")]
    private static partial Regex WantedText();

    [GeneratedRegex("Non-zero status code returned while running (?<op>\\w+) node\\. Name:'(?<name>.*?)' Status Message: ")]
    private static partial Regex Node();
}
