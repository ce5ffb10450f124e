using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Larder.Inference.Compilation;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Registry.Storage;

namespace Larder.Registry.Samples;

/// <summary>Compares what a version answers to its samples with what is expected, and counts the outcomes.</summary>
/// <param name="store">Has the samples.</param>
/// <param name="compare">Runs the model.</param>
/// <param name="onnxRuntime">The version of ONNX Runtime that does.</param>
/// <param name="time">The clock.</param>
/// <param name="meters">Creates the meter.</param>
public sealed class SampleGate(SampleStore store, CompareSamples compare, string onnxRuntime, TimeProvider time, IMeterFactory meters)
{
    private readonly Counter<long> _checks = meters.Create("Larder.Registry").CreateCounter<long>(
        "larder.samples.checks", null, "Comparisons of a version's outputs with its samples, by model, version and result (same, different).");

    /// <summary>The version of ONNX Runtime here.</summary>
    public string OnnxRuntime => onnxRuntime;

    /// <summary>Has the samples.</summary>
    internal SampleStore Store => store;

    /// <summary>Compares.</summary>
    /// <param name="model">The model's file, and how it is loaded.</param>
    /// <param name="features">The names of its columns.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="tolerance">How far outputs may be from the expected ones.</param>
    /// <param name="caller">Who asks: comparisons are queued by caller, with validations.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<SampleCheck> CheckAsync(
        ServableModel model, IReadOnlyList<Feature> features, IReadOnlyList<GoldenSample> samples, SampleTolerance tolerance, string caller, CancellationToken cancellationToken)
    {
        var expected = new ExpectedSamples(
            [.. samples.Select(sample => Json(sample.Values))], [.. samples.Select(sample => Json(sample.ByName(model.Description.Signature)))], tolerance.Atol, tolerance.Rtol);
        var difference = await compare(model, features, expected, caller, cancellationToken);
        _checks.Add(1, new("model", model.Name), new("version", model.Version), new("result", difference is null ? "same" : "different"));
        return new SampleCheck(onnxRuntime, time.GetUtcNow(), difference);

        static string Json(JsonNode? node) => node?.ToJsonString(RegistryJson.Options) ?? "null";
    }
}

/// <summary>Runs a model on samples. In production <see cref="SampleComparer"/>, which starts a sandbox process.</summary>
/// <param name="model">The model.</param>
/// <param name="features">The names of its columns.</param>
/// <param name="samples">The samples.</param>
/// <param name="caller">Who asks.</param>
/// <param name="cancellationToken">Cancels the operation.</param>
/// <returns>The first difference in a sentence; null when there is none.</returns>
public delegate Task<string?> CompareSamples(
    ServableModel model, IReadOnlyList<Feature> features, ExpectedSamples samples, string caller, CancellationToken cancellationToken);
