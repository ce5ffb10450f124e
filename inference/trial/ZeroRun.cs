using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Trial;

/// <summary>Runs a model once on zeros.</summary>
internal static class ZeroRun
{
    /// <summary>
    /// Refuses a model that fails on zeros, unless the zeros may be to blame: integers, booleans and strings can be shapes, counts,
    /// divisors or text to parse, where zero or nothing is a value that the model rightly rejects. Floating-point inputs are measurements,
    /// and zero is one. Nothing is run when a dimension beside the batch varies.
    /// </summary>
    /// <returns>How long the run took; nothing when there was none.</returns>
    public static TimeSpan Check(TrialModel model)
    {
        if (model.Shapes(rows: 1) is not { } shapes)
            return TimeSpan.Zero;
        var clock = Stopwatch.StartNew();
        var inputs = new List<OrtValue>();
        try
        {
            foreach (var (input, shape) in model.Signature.Inputs.Zip(shapes))
                inputs.Add(TrialModel.Zeros(input.Datatype!.Value, shape));
            model.Run(inputs).Dispose();
        }
        catch (OnnxRuntimeException e) when (!Trials.IsOutOfMemory(e))
        {
            if (model.Signature.Inputs.All(IsMeasurement))
                throw new InvalidModelException($"The model loads, but fails when it is run on zeros: {RuntimeMessage.Clean(e.Message, "")}");
        }
        finally
        {
            inputs.ForEach(input => input.Dispose());
        }

        return clock.Elapsed;
    }

    private static bool IsMeasurement(ValueSignature input) => input.Datatype is Datatype.Fp16 or Datatype.Bf16 or Datatype.Fp32 or Datatype.Fp64;
}
