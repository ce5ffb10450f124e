using Larder.Inference.Batching;
using Larder.Inference.Memory;
using Larder.Inference.Rows;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>
/// Outputs whose memory is used again. A session that is bound once to inputs and outputs runs without making a value, which is a third of what the run of a small model costs, and all that it allocates.
/// They belong to the inputs that they are bound with, and keep these until their request has released them. Only for one row of a model whose outputs then have a size that is known before the run.
/// </summary>
internal sealed class BoundOutputs : OutputValues, IDisposable
{
    // Inputs are kept until the answer is sent, so they must be small, too.
    private const long MostInputBytes = 16 << 10;
    private const long MostOutputBytes = 4 << 10;

    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly PredictionInputs _inputs;
    private readonly OrtValue[] _values;
    private readonly OutputView[] _outputs;
    private readonly MemoryShare _work;

    /// <summary>Binds a session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="signature">Its inputs and outputs.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="values">Their values for ONNX Runtime.</param>
    /// <param name="work">Budget that the outputs count against while a request has them.</param>
    public BoundOutputs(InferenceSession session, ModelSignature signature, PredictionInputs inputs, OrtValue[] values, MemoryShare work)
    {
        (_session, _inputs, _values, _work) = (session, inputs, [.. values], work);
        _binding = session.CreateIoBinding();
        for (var i = 0; i < _values.Length; i++)
            _binding.BindInput(signature.Inputs[i].Name, _values[i]);
        _outputs = new OutputView[signature.Outputs.Count];
        for (var i = 0; i < _outputs.Length; i++)
        {
            var output = signature.Outputs[i];
            var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, output.Datatype!.Value.ToOnnx(), [1, .. output.Shape!.Skip(1)]);
            _binding.BindOutput(output.Name, value);
            _outputs[i] = new OutputView(value);
            BytesOfMember += _outputs[i].Data.Length;
        }
    }

    /// <inheritdoc />
    public override long BytesOfMember { get; }

    /// <inheritdoc />
    public override OrtValue this[int output] => _outputs[output].Value;

    /// <inheritdoc />
    public override OutputView ViewOf(int output) => _outputs[output];

    /// <summary>Whether a model's outputs can be bound: each has the rows of the input, and all else of its shape is in the signature.</summary>
    public static bool Suit(ServableModel model)
    {
        var signature = model.Description.Signature;
        return BatchRules.HasBatch(model)
            && signature.OptionalInputs.Count == 0
            && signature.Inputs.All(input => input.Datatype != Datatype.Bytes && HasKnownRows(input))
            && signature.Outputs.All(output => output is { Kind: ValueKind.Tensor, Datatype: not Datatype.Bytes } && HasKnownRows(output))
            && signature.Outputs.Sum(BytesOfRow) <= MostOutputBytes
            && signature.Inputs.Sum(BytesOfRow) <= MostInputBytes;
    }

    /// <summary>Whether these are the values that are bound.</summary>
    public bool Fit(ReadOnlySpan<OrtValue> values) => values.SequenceEqual(_values, ReferenceEqualityComparer.Instance);

    /// <summary>Runs the session. A failure leaves the outputs undefined, and no request has them.</summary>
    /// <exception cref="OnnxRuntimeException">The run failed, or an output has another shape.</exception>
    public void Run(RunOptions options) => _session.RunWithBinding(options, _binding);

    /// <summary>Gives the outputs of a run to a request, which must <see cref="Release"/> them.</summary>
    public BoundOutputs Give(TimeSpan time)
    {
        Time = time;
        _inputs.Hold();
        _work.Add(BytesOfMember);
        return this;
    }

    /// <inheritdoc />
    public override void Release()
    {
        _work.Release(BytesOfMember);
        // After this, another request may have them.
        _inputs.Release();
    }

    /// <summary>Frees them, which no request has.</summary>
    public void Dispose()
    {
        _binding.Dispose();
        foreach (var output in _outputs)
            output.Value.Dispose();
    }

    private static bool HasKnownRows(ValueSignature value) => value.HasVariableBatch && RowShape.WidthOf(value) >= 0;

    private static long BytesOfRow(ValueSignature value) => value.Datatype!.Value.Size() * RowShape.WidthOf(value);
}
