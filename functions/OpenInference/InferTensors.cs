using System.Text;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Larder.Registry.Models;

namespace Larder.Functions.OpenInference;

/// <summary>The rules on the tensors of a request that hold whether it came as JSON or over gRPC.</summary>
internal static class InferTensors
{
    /// <summary>Most dimensions of a shape.</summary>
    public const int MostDimensions = 64;

    /// <summary>The place of an input.</summary>
    /// <exception cref="InvalidRequestException">There is no such input, or it was given before.</exception>
    public static int Find(PredictionInputs inputs, ModelSignature signature, string name)
    {
        var input = inputs.IndexOf(Encoding.UTF8.GetBytes(name));
        if (input < 0)
            throw new InvalidRequestException($"The model has no input '{RequestText.Shown(name)}'; its inputs are {string.Join(", ", signature.AllInputs.Select(known => $"{known.Name} {known.TypeName}"))}.");
        return inputs[input].HasValue ? throw new InvalidRequestException($"The input {name} is given twice.") : input;
    }

    /// <summary>Checks the datatype that is stated for an input.</summary>
    /// <exception cref="InvalidInputException">It is another than the model's.</exception>
    public static void RequireDatatype(ValueSignature input, string datatype)
    {
        if (datatype != input.Datatype!.Value.Name())
            throw new InvalidInputException($"{input.Name} expects {input.TypeName}; got the datatype '{RequestText.Shown(datatype)}'");
    }

    /// <summary>Checks that every input but the optional ones has a value.</summary>
    /// <exception cref="InvalidRequestException">One has none.</exception>
    public static void RequireAll(PredictionInputs inputs)
    {
        for (var i = 0; i < inputs.Count; i++)
        {
            if (!inputs[i].HasValue)
                throw new InvalidRequestException($"The input {inputs[i].Signature.Name} {inputs[i].Signature.TypeName} is missing.");
        }
    }

    /// <summary>Checks the parameter <c>classification</c> of an output.</summary>
    /// <exception cref="InvalidRequestException">It is no number of classes.</exception>
    public static int Classes(long number) => number is > 0 and <= int.MaxValue ? (int)number : throw new InvalidRequestException("classification must be a number of classes, 1 or more.");

    /// <summary>The refusal of a tensor in shared memory.</summary>
    public static HttpStatusException NoSharedMemory() => new(ErrorKind.Unsupported, "Shared memory is not supported: send the data with the request.");
}

/// <summary>An output that a caller wants.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsBinary">Whether as bytes; null where the request as a whole says.</param>
/// <param name="Classes">How many classes with the highest scores are wanted in the place of the scores (Triton's classification extension); null for the scores.</param>
internal sealed record RequestedOutput(string Name, bool? IsBinary, int? Classes);

/// <summary>The outputs that a caller wants, checked against those of the model.</summary>
internal sealed class RequestedOutputs(ModelSignature signature)
{
    private readonly IReadOnlyList<TensorSignature> _known = TensorSignature.Of(signature);
    private readonly List<RequestedOutput> _asked = [];

    /// <summary>They, in the order in which they were added; null for none, which means all.</summary>
    public IReadOnlyList<RequestedOutput>? Asked => _asked.Count > 0 ? _asked : null;

    /// <summary>Adds one.</summary>
    /// <exception cref="InvalidRequestException">The model has no such output, or it was added before.</exception>
    public void Add(string name, bool? isBinary, int? classes)
    {
        if (!_known.Any(tensor => tensor.Name == name))
            throw new InvalidRequestException($"The model has no output '{RequestText.Shown(name)}'; its outputs are {string.Join(", ", _known.Select(tensor => tensor.Name))}.");
        if (_asked.Exists(output => output.Name == name))
            throw new InvalidRequestException($"The output {name} is asked for twice.");
        _asked.Add(new RequestedOutput(name, isBinary, classes));
    }
}

/// <summary>The tensors of an answer: the outputs that were asked for, or all, with classes in the place of scores where they are wanted. Dispose of it before the outputs.</summary>
internal sealed class WantedTensors : IDisposable
{
    private readonly List<OutputTensor> _tensors;

    /// <summary>Chooses them.</summary>
    /// <param name="model">The version that ran.</param>
    /// <param name="asked">What was asked for; null for all.</param>
    /// <param name="outputs">The outputs of the run.</param>
    /// <exception cref="InvalidInputException">One cannot be a tensor, or has no scores where classes are wanted.</exception>
    public WantedTensors(ResolvedModel model, IReadOnlyList<RequestedOutput>? asked, PredictionOutputs outputs)
    {
        _tensors = [.. outputs.Tensors(asked?.Select(output => output.Name).ToHashSet())];
        if (asked is null)
        {
            Tensors = [.. _tensors.Select(tensor => (tensor, (bool?)null))];
            return;
        }

        try
        {
            Tensors = [.. asked.Select(output => (Find(output, model.Version.Labels), output.IsBinary))];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>They, in the order of the answer, each with whether it is wanted as bytes; null where the request as a whole says.</summary>
    public IReadOnlyList<(OutputTensor Tensor, bool? IsBinary)> Tensors { get; }

    /// <inheritdoc />
    public void Dispose() => _tensors.ForEach(tensor => tensor.Dispose());

    private OutputTensor Find(RequestedOutput wanted, IReadOnlyList<string> labels)
    {
        var tensor = _tensors.First(tensor => tensor.Name == wanted.Name);
        if (wanted.Classes is { } classes)
            _tensors.Add(tensor = tensor.Classify(classes, labels));
        return tensor;
    }
}
