using System.Runtime.InteropServices;
using Larder.Inference.Signatures;
using Larder.Inference.Validation;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox;

/// <summary>A loaded model and its signature.</summary>
/// <param name="Path">Path of its file, which error messages must not contain.</param>
/// <param name="Session">The session, which is disposed with it.</param>
/// <param name="Signature">Inputs and outputs.</param>
internal sealed record SandboxModel(string Path, InferenceSession Session, ModelSignature Signature) : IDisposable
{
    /// <summary>Loads a model.</summary>
    public static SandboxModel Load(string path, SessionOptions options)
    {
        var session = new InferenceSession(path, options);
        try
        {
            return new SandboxModel(path, session, SignatureReader.Read(session));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="SampleShapes.Of"/>
    public long[][]? Shapes(int rows, int length = -1) => SampleShapes.Of(Signature, rows, length);

    /// <summary>Runs the model on its inputs, in the order of the signature, without optional ones.</summary>
    public IDisposableReadOnlyCollection<OrtValue> Run(IReadOnlyList<OrtValue> inputs) => Run([.. Signature.Inputs.Select(input => input.Name)], inputs);

    /// <summary>Runs the model on inputs with these names.</summary>
    public IDisposableReadOnlyCollection<OrtValue> Run(IReadOnlyCollection<string> names, IReadOnlyList<OrtValue> inputs)
    {
        using var options = new RunOptions();
        return Session.Run(options, names, inputs, [.. Signature.Outputs.Select(output => output.Name)]);
    }

    /// <summary>A tensor of zeros, falses or empty strings; or, of floating-point numbers, all of one value.</summary>
    public static OrtValue Filled(Datatype datatype, long[] shape, float value = 0)
    {
        if (datatype == Datatype.Bytes)
            return OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
        var tensor = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, datatype.ToOnnx(), shape);
        var bytes = tensor.GetTensorMutableRawData();
        switch (datatype)
        {
            case Datatype.Fp16:
                MemoryMarshal.Cast<byte, Half>(bytes).Fill((Half)value);
                break;
            case Datatype.Bf16:
                MemoryMarshal.Cast<byte, BFloat16>(bytes).Fill((BFloat16)value);
                break;
            case Datatype.Fp32:
                MemoryMarshal.Cast<byte, float>(bytes).Fill(value);
                break;
            case Datatype.Fp64:
                MemoryMarshal.Cast<byte, double>(bytes).Fill(value);
                break;
            default:
                bytes.Clear();
                break;
        }

        return tensor;
    }

    public void Dispose() => Session.Dispose();
}
