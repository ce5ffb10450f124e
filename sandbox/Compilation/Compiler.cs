using System.Diagnostics;
using System.Globalization;
using Larder.Inference;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Inference.Validation.Sandbox;
using Larder.Inference.Validation.Scanning;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox.Compilation;

/// <summary>Writes a model's optimised graph, loads it as the server would, and compares it with the model as it was written, without any optimisation.</summary>
internal sealed class Compiler
{
    // The most that ONNX Runtime itself calls portable; beyond it are layouts for this machine's processor.
    private static readonly SessionSettings Writing = new() { Optimization = "extended" };
    private static readonly SessionSettings Original = new() { Optimization = "none" };

    // Of a single folded node. By default it is a gibibyte, and a file would grow by it.
    private const string MostFoldedBytes = "16777216";

    private readonly SandboxModel _original;
    private readonly SandboxModel _optimised;
    private readonly OutputComparison _comparison;
    private readonly CompilationRequest _request;
    private readonly TimeSpan _timeout;
    private readonly Stopwatch _clock;
    private int _samples;

    private Compiler(SandboxModel original, SandboxModel optimised, CompilationRequest request, TimeSpan timeout, Stopwatch clock)
    {
        _original = original;
        _optimised = optimised;
        _request = request;
        _comparison = new OutputComparison(request.Atol, request.Rtol);
        _timeout = timeout;
        _clock = clock;
    }

    /// <summary>Compiles and compares.</summary>
    /// <exception cref="InvalidModelException">The optimised graph cannot be written or loaded, or a sample does not fit the model.</exception>
    public static ComparisonAnswer Compile(SandboxRequest request, CompilationRequest compilation, Stopwatch clock)
    {
        Write(request.Path, compilation.Destination, compilation.Extensions);
        using var asWritten = ModelChecks.Options(Original, compilation.Extensions);
        using var original = SandboxModel.Load(request.Path, asWritten);
        using var asServed = ModelChecks.Options(request.Session, compilation.Extensions);
        using var optimised = LoadOptimised(compilation.Destination, asServed);
        if ((SignatureDifference(compilation.Signature, original.Signature) ?? SignatureDifference(compilation.Signature, optimised.Signature)) is { } difference)
            return new ComparisonAnswer(false, $"The optimised model is not called as the original is: {difference}.", 0, null);
        return new Compiler(original, optimised, compilation, TimeSpan.FromSeconds(request.Seconds / 2d), clock).Compare();
    }

    private static void Write(string path, string destination, bool extensions)
    {
        using var options = ModelChecks.Options(Writing, extensions);
        options.OptimizedModelFilePath = destination;
        options.AddSessionConfigEntry("optimization.constant_folding_max_output_size_in_bytes", MostFoldedBytes);
        // Otherwise the format would follow the destination's name.
        options.AddSessionConfigEntry("session.save_model_format", "ONNX");
        using var session = new InferenceSession(path, options);
    }

    private static SandboxModel LoadOptimised(string path, SessionOptions options)
    {
        try
        {
            return SandboxModel.Load(path, options);
        }
        catch (Exception e) when (e is OnnxRuntimeException && !ModelChecks.IsOutOfMemory(e))
        {
            throw new InvalidModelException($"ONNX Runtime cannot load the graph that it optimised: {RuntimeMessage.Clean(e.Message, path)}");
        }
    }

    private static string? SignatureDifference(ModelSignature expected, ModelSignature actual) =>
        Differs([.. expected.AllInputs], [.. actual.AllInputs], "inputs") ?? Differs(expected.Outputs, actual.Outputs, "outputs");

    // How far shapes can be told ahead depends on the optimisation; every run's shapes are compared.
    private static string? Differs(IReadOnlyList<ValueSignature> expected, IReadOnlyList<ValueSignature> actual, string what)
    {
        var same = expected.Count == actual.Count && expected.Zip(actual).All(pair =>
            pair.First.Name == pair.Second.Name && (pair.First with { Shape = null, Element = null }) == (pair.Second with { Shape = null, Element = null })
            && (what != "inputs" || pair.First.TypeName == pair.Second.TypeName));
        return same ? null : $"its {what} are {List(actual)} instead of {List(expected)}";

        static string List(IReadOnlyList<ValueSignature> values) =>
            Printable.Line(string.Join(", ", values.Select(value => $"{value.Name} {value.TypeName}")), 200);
    }

    private ComparisonAnswer Compare()
    {
        var isGiven = _request.Samples.Count > 0;
        foreach (var sample in isGiven ? GivenSamples.Read(_request.Samples, _original.Signature) : GeneratedSamples.For(_original))
        {
            if (Difference(sample) is { } difference)
                return Answer(false, difference);
            // What is made up is never worth being ended for.
            if (!isGiven && _samples > 0 && _clock.Elapsed > _timeout)
                break;
        }

        if (_samples == 0)
            return Answer(false, "The model ran on none of the samples that were made up for it, so nothing could be compared: give it samples of its own.");
        var largest = _comparison.LargestDifference is { } number ? string.Create(CultureInfo.InvariantCulture, $"; the largest difference is {number:g3}") : "";
        return Answer(true, $"The optimised model gave the same outputs on {InputError.Count(_samples, isGiven ? "sample" : "generated sample")}{largest}.");
    }

    // A sentence, or null when the two agree or the sample does not count.
    private string? Difference(Sample sample)
    {
        IDisposableReadOnlyCollection<OrtValue> original, optimised;
        try
        {
            original = _original.Run(sample.Names, sample.Values);
        }
        catch (OnnxRuntimeException e) when (!ModelChecks.IsOutOfMemory(e))
        {
            return sample.MustRun ? $"The original cannot be run on {sample.Label}: {RuntimeMessage.Clean(e.Message, _original.Path)}" : null;
        }

        using var _ = original;
        try
        {
            optimised = _optimised.Run(sample.Names, sample.Values);
        }
        catch (OnnxRuntimeException e) when (!ModelChecks.IsOutOfMemory(e))
        {
            return $"The original runs on {sample.Label}, and the optimised model does not: {RuntimeMessage.Clean(e.Message, _optimised.Path)}";
        }

        using var __ = optimised;
        var difference = _comparison.Difference(_original.Signature.Outputs, original, optimised);
        // ONNX Runtime begins two sessions' random numbers alike, so that agreement says nothing of a random model.
        if ((_samples == 0 || difference is not null) && !IsSteady(sample, original))
            return $"The original does not answer {sample.Label} twice in the same way, so that no optimised model can be compared with it.";
        if (difference is not null)
            return string.Create(CultureInfo.InvariantCulture, $"For {sample.Label}, {difference} (atol {_request.Atol}, rtol {_request.Rtol}).");
        _samples++;
        return null;
    }

    // Whether the original says the same again: if not, the optimiser is not to blame.
    private bool IsSteady(Sample sample, IReadOnlyList<OrtValue> before)
    {
        using var again = _original.Run(sample.Names, sample.Values);
        return new OutputComparison(_request.Atol, _request.Rtol).Difference(_original.Signature.Outputs, before, again) is null;
    }

    private ComparisonAnswer Answer(bool isSame, string reason) => new(isSame, reason, _samples, _comparison.LargestDifference);
}
