using System.Text;
using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;

namespace Larder.Sandbox.Compilation;

/// <summary>The samples that came with a job, read as predictions are.</summary>
internal static class GivenSamples
{
    // The process has a limit of its own for all that it holds.
    private static readonly InferenceLimits Limits = new() { TensorBytes = 1 << 30 };

    /// <summary>The samples, each valid until the next one is asked for.</summary>
    /// <exception cref="InvalidModelException">One does not fit the model; the message names it and the input.</exception>
    public static IEnumerable<Sample> Read(IReadOnlyList<string> samples, ModelSignature signature)
    {
        using var inputs = new PredictionInputs(signature, PredictionInputs.Names(signature), Limits, null, TimeProvider.System, inputs => inputs.Free()).Rent();
        for (var i = 0; i < samples.Count; i++)
        {
            var label = $"samples[{i}]";
            Read(samples[i], inputs, label);
            yield return new Sample(label, inputs.ToOrtValues(), MustRun: true);
        }
    }

    private static void Read(string sample, PredictionInputs inputs, string label)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(sample), new JsonReaderOptions { MaxDepth = Limits.JsonDepth });
            reader.Read();
            inputs.Read(ref reader);
        }
        catch (Exception e) when (e is InvalidInputException or JsonException)
        {
            throw new InvalidModelException($"{label} cannot be used: {e.Message.TrimEnd('.')}.");
        }
    }
}
