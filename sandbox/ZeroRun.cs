using System.Diagnostics;
using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Sandbox;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox;

/// <summary>Runs a model once on zeros.</summary>
internal static class ZeroRun
{
    // One wait for a processor, and the first run's compilation, must not make a small model look slow: then its rows would not be checked, and it would never be batched.
    private const int MoreRuns = 3;

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Refuses a model that fails on zeros, unless the zeros may be to blame: integers, booleans and strings can be shapes, counts,
    /// divisors or text to parse, where zero or nothing is a value that the model rightly rejects. Floating-point inputs are rarely that,
    /// and if they are (the scales of a Resize), ones will do. Nothing is run when a dimension beside the batch varies.
    /// </summary>
    /// <returns>How long a run takes: the shortest of several, where the first is short. Nothing when there was none.</returns>
    public static TimeSpan Check(SandboxModel model)
    {
        if (model.Shapes(rows: 1) is not { } shapes)
            return TimeSpan.Zero;
        var clock = Stopwatch.StartNew();
        if (Failure(model, shapes, 0) is { } failure && model.Signature.Inputs.All(IsFloatingPoint) && Failure(model, shapes, 1) is not null)
            throw new InvalidModelException($"The model loads, but fails when it is run on zeros: {RuntimeMessage.Clean(failure, model.Path)}");
        var shortest = clock.Elapsed;
        for (var runs = 0; runs < MoreRuns && shortest < Short; runs++)
        {
            clock.Restart();
            Failure(model, shapes, 0);
            shortest = clock.Elapsed < shortest ? clock.Elapsed : shortest;
        }

        return shortest;
    }

    // ONNX Runtime's message, or null when the model runs.
    private static string? Failure(SandboxModel model, long[][] shapes, int value)
    {
        var inputs = new List<OrtValue>();
        try
        {
            foreach (var (input, shape) in model.Signature.Inputs.Zip(shapes))
                inputs.Add(SandboxModel.Filled(input.Datatype!.Value, shape, value));
            model.Run(inputs).Dispose();
            return null;
        }
        catch (OnnxRuntimeException e) when (!ModelChecks.IsOutOfMemory(e))
        {
            return e.Message;
        }
        finally
        {
            inputs.ForEach(input => input.Dispose());
        }
    }

    private static bool IsFloatingPoint(ValueSignature input) => input.Datatype is Datatype.Fp16 or Datatype.Bf16 or Datatype.Fp32 or Datatype.Fp64;
}
