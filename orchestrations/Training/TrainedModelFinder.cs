using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Publishing;
using Larder.Registry.Samples;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Training;

/// <summary>
/// Finds the model among the files of an attempt: the file that <c>larder.json</c> in the output folder names; else the file with the name that the job's option gives; without one, the file called <c>{model}</c> or
/// <c>{model}.onnx</c>, in any folder; else the only .onnx file in the output folder; else the only one in the work folder. Copies with the same bytes count once.
/// </summary>
internal sealed class TrainedModelFinder(JobFiles files)
{
    private const int MaxShown = 20;

    /// <summary>What was found.</summary>
    /// <param name="Path">The model's path in the job's container.</param>
    /// <param name="Reason">Why there is no model, or more than one.</param>
    public sealed record Result(string? Path, string? Reason = null);

    /// <summary>Finds the model of a job whose outputs are collected.</summary>
    public async Task<Result> FindAsync(Job job, ComputeId id, CancellationToken cancellationToken)
    {
        var exit = await BootstrapExit.ReadAsync(files, id, cancellationToken) ?? new BootstrapExit();
        var outputs = job.Outputs.Select(output => new Candidate(JobPaths.Outputs(id.Attempt) + output.Path, output.Path, output.Sha256!)).ToList();
        try
        {
            if (await TrainedManifest.ReadAsync(files, id, cancellationToken) is { Model: { } named })
                return Named(named, outputs);
        }
        catch (InvalidRequestException e)
        {
            return new Result(null, e.Message);
        }

        var found = exit.Found.Select(entry => new Candidate(JobPaths.Found(id.Attempt) + entry.Path, entry.Path, entry.Sha256)).ToList();
        var fileName = JobOptions.Of<TrainOptions>(job).ModelFile;
        string[] names = fileName is null ? [job.Model, $"{job.Model}.onnx"] : [fileName];
        var byName = outputs.Concat(found).Where(file => Path.GetFileName(file.Shown) is var name && names.Contains(name)).ToList();
        var candidates = byName.Count > 0 || fileName is not null ? byName : outputs.Exists(IsOnnx) ? outputs.FindAll(IsOnnx) : found.FindAll(IsOnnx);
        return candidates.DistinctBy(file => file.Sha256).ToList() switch
        {
            [var only] => new Result(only.Path),
            [] => new Result(null, $"The training left no model: a file called {string.Join(" or ", names)} was expected{(fileName is null ? ", or one .onnx file" : "")}, in LARDER_OUTPUT_DIR or the script's folder. {List("It left", outputs)}"),
            var several => new Result(null, $"Several files could be the model; leave one, or name one in {TrainedManifest.FileName} ({{\"model\": path}}) in LARDER_OUTPUT_DIR. {List("They are", several)}"),
        };
    }

    private static Result Named(string named, List<Candidate> outputs)
    {
        var path = named.StartsWith("./", StringComparison.Ordinal) ? named[2..] : named;
        return outputs.Find(output => output.Shown == path) is { } found
            ? new Result(found.Path)
            : new Result(null, $"{TrainedManifest.FileName} names a file that is not in LARDER_OUTPUT_DIR. {List("It has", outputs)}");
    }

    private static bool IsOnnx(Candidate file) => Path.GetExtension(file.Shown).Equals(".onnx", StringComparison.OrdinalIgnoreCase);

    private static string List(string intro, List<Candidate> candidates)
    {
        if (candidates.Count == 0)
            return $"{intro}: nothing.";
        var shown = string.Join(", ", candidates.Take(MaxShown).Select(file => file.Shown));
        return candidates.Count > MaxShown ? $"{intro}: {shown} and {candidates.Count - MaxShown} more." : $"{intro}: {shown}.";
    }

    private sealed record Candidate(string Path, string Shown, string Sha256);
}

/// <summary>What <c>larder.json</c> in the output folder of a training says: which file is the model, and what its version is to have.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record TrainedManifest
{
    /// <summary>Its name in the output folder.</summary>
    public const string FileName = "larder.json";

    private const long MaxBytes = 1 << 20;
    private const string Expected = "it must be {\"model\": path in LARDER_OUTPUT_DIR, \"labels\": [name, ...], \"features\": [name or {\"name\": ...}, ...], \"sample_tolerance\": {\"atol\": number, \"rtol\": number}, \"description\": text, \"model_description\": text, \"tags\": {name: text}}, with at least one of them.";

    /// <summary>The model's path in the output folder; null when it is found by its name.</summary>
    public string? Model { get; init; }

    /// <summary>As <see cref="PublishRequest.Labels"/>.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>As <see cref="PublishRequest.Features"/>.</summary>
    public IReadOnlyList<Feature>? Features { get; init; }

    /// <summary>As <see cref="PublishRequest.SampleTolerance"/>.</summary>
    public SampleTolerance? SampleTolerance { get; init; }

    /// <summary>As <see cref="PublishRequest.Description"/>.</summary>
    public string? Description { get; init; }

    /// <summary>As <see cref="PublishRequest.ModelDescription"/>.</summary>
    public string? ModelDescription { get; init; }

    /// <summary>As <see cref="PublishRequest.Tags"/>; the tags of the job's options count more.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Reads the file of an attempt; null when it left none.</summary>
    /// <exception cref="InvalidRequestException">It cannot be used: a sentence.</exception>
    public static async Task<TrainedManifest?> ReadAsync(JobFiles files, ComputeId id, CancellationToken cancellationToken)
    {
        try
        {
            if (await files.ReadAsync(id.Job, JobPaths.Outputs(id.Attempt) + FileName, MaxBytes, cancellationToken) is not { } content)
                return null;
            return content.ToObjectFromJson<TrainedManifest>(RegistryJson.Options) is { } manifest && manifest != new TrainedManifest()
                ? manifest
                : throw new InvalidRequestException($"{FileName} names no model: {Expected}");
        }
        catch (Exception e) when (e is JsonException or TooLargeException)
        {
            throw new InvalidRequestException($"{FileName} cannot be read: {Expected}");
        }
        catch (InvalidSettingsException e)
        {
            throw new InvalidRequestException($"{FileName} cannot be used: {e.Message}");
        }
    }
}
