using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Inference.Rows;
using Larder.Inference.Signatures;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Scoring;

/// <summary>Accepts scorings.</summary>
public sealed class ScoringSubmitter(JobSubmitter jobs, ModelRegistry registry, IArtifactStore artifacts, DatasetFinder finder, ScoringLimits limits)
    : DatasetJobSubmitter<ScoreOptions>(ScoreOptions.Schema, jobs, artifacts, finder, limits)
{
    /// <summary>Scores a file of the container <c>scoring</c>, as it is now, with the options in its metadata (<see cref="DropOptions"/>). Idempotent: the same content has one job.</summary>
    /// <param name="reference">The model, and which version.</param>
    /// <param name="file">The file.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<Job> SubmitDropAsync(string reference, BlobDataset file, CancellationToken cancellationToken)
    {
        var source = DatasetSource.Of(file.Container, file.Path, file.ETag);
        var request = await RequestAsync(Caller.Drop, reference, file.Path, DropOptions.Of(file.Metadata), cancellationToken);
        var key = "drop-" + TextHash.Of(source);
        return await Jobs.SubmitAsync(request with { Source = source, Key = key, By = Caller.Drop }, cancellationToken);
    }

    internal override async Task<JobRequest> RequestAsync(Caller caller, string reference, string fileName, ScoreOptions options, CancellationToken cancellationToken)
    {
        var model = (await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken)).RequireServable();
        var complete = options with { Format = options.Format ?? DatasetFormat.NameOf(fileName) };
        Validate(complete, model.Version.Onnx.Signature);
        return new JobRequest(ScoreJob.Type, model.Model.Name, JobOptions.ToJson(complete))
        {
            Version = model.Version.Version,
            Reference = reference,
        };
    }

    private static void Validate(ScoreOptions options, ModelSignature signature)
    {
        if (options.Format != ScoreOptions.Csv && options.Delimiter is not null)
            throw new InvalidRequestException("A delimiter is for csv only.");
        if (options is { Format: not ScoreOptions.Csv, Header: false })
            throw new InvalidRequestException("'header' is for csv only.");
        RequireOnce(options.Columns, "columns");
        RequireOnce(options.Keep, "keep");
        RequireOnce(options.Outputs, "outputs");
        var names = signature.Outputs.Select(output => output.Name).ToList();
        if (options.Outputs.Except(names).ToList() is { Count: > 0 } unknown)
            throw new InvalidRequestException($"The model has no output {MessageFormat.List(unknown)}; it has {MessageFormat.List(names)}.");
        var widths = signature.Inputs.Select(RowShape.WidthOf).ToList();
        if (options.Format == ScoreOptions.Csv && options.Columns.Count > 0 && !widths.Contains(-1) && widths.Sum() != options.Columns.Count)
        {
            throw new InvalidRequestException(
                $"The model takes {MessageFormat.Count(widths.Sum(), "value")} a row ({string.Join(", ", signature.Inputs.Select(input => $"{input.Name} {input.TypeName}"))}), and 'columns' names {MessageFormat.Count(options.Columns.Count, "column")}.");
        }
    }

    private static void RequireOnce(IReadOnlyList<string> names, string option)
    {
        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new InvalidRequestException($"'{option}' names {Quoted.Text(twice.Key)} twice.");
    }
}

/// <summary>Scorings by schedule.</summary>
public sealed class ScheduledScoring(ScoringSubmitter scorings, DatasetFinder finder, ScoringLimits limits) : ScheduledDatasetJob<ScoreOptions>(scorings, finder, limits)
{
    /// <inheritdoc/>
    public override string Type => ScoreJob.Type;
}

/// <summary>Options of a file that is dropped: the metadata <c>header</c>, <c>by_position</c>, <c>delimiter</c> and <c>format</c> of its blob. Other metadata is not Larder's.</summary>
internal static class DropOptions
{
    private static readonly string[] Flags = ["header", "by_position"];
    private static readonly string[] Texts = ["delimiter", "format"];

    /// <exception cref="InvalidRequestException">An option cannot be used.</exception>
    public static ScoreOptions Of(IReadOnlyDictionary<string, string> metadata)
    {
        var options = new JsonObject();
        foreach (var (key, value) in metadata)
        {
            var name = key.ToLowerInvariant();
            if (Texts.Contains(name))
                options[name] = value;
            else if (Flags.Contains(name))
                options[name] = bool.TryParse(value, out var flag) ? flag : throw new InvalidRequestException($"The metadata {name} must be true or false; it is {Quoted.Text(value)}.");
        }

        return ScoreOptions.Schema.Read(JsonSerializer.SerializeToUtf8Bytes(options));
    }
}
