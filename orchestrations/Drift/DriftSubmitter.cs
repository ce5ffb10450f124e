using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Orchestrations.Training;
using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Drift;

/// <summary>Accepts comparisons of data sets.</summary>
public sealed class DriftSubmitter(JobSubmitter jobs, ModelRegistry registry, IArtifactStore artifacts, DatasetFinder finder, JobAccess access, ScoringLimits limits)
    : DatasetJobSubmitter<DriftOptions>(DriftOptions.Schema, jobs, artifacts, finder, limits)
{
    /// <summary>What the data set to compare with is called among a job's inputs.</summary>
    internal const string Reference = "reference";

    internal override async Task<JobRequest> RequestAsync(Caller caller, string reference, string fileName, DriftOptions options, CancellationToken cancellationToken)
    {
        var model = await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken);
        DatasetFormat.Of(fileName, options.Format, options.Delimiter);
        if (options.Columns.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new InvalidRequestException($"'columns' names {Quoted.Text(twice.Key)} twice.");
        var baseline = options.Reference is { } address
            ? await NamedAsync(caller, address, cancellationToken)
            : await TrainingDataAsync(caller, model.Version, cancellationToken);
        DatasetFormat.Of(baseline.FileName, options.Format, options.Delimiter);
        return new JobRequest(DriftJob.Type, model.Model.Name, JobOptions.ToJson(options))
        {
            Version = model.Version.Version,
            Reference = reference,
            Inputs = [baseline with { Name = Reference }],
        };
    }

    private async Task<JobInput> NamedAsync(Caller caller, string address, CancellationToken cancellationToken)
    {
        if (!address.StartsWith(Dataset.Prefix, StringComparison.Ordinal))
            throw new InvalidRequestException($"'reference' must be a data set that was uploaded in blocks, {Dataset.AddressOf("{model}", "{file_name}")}.");
        return (await Finder.FindAsync(caller, address, Limits.DatasetBytes, cancellationToken)).Input!;
    }

    private async Task<JobInput> TrainingDataAsync(Caller caller, ModelVersion version, CancellationToken cancellationToken)
    {
        const string Instead = "Name the data set to compare with in the option 'reference': one that was uploaded in blocks, datasets/{model}/{file_name}.";
        if (version.Job is not { } id)
            throw new InvalidRequestException($"{version.Model}:{version.Version} was not trained here. {Instead}");
        Job job;
        try
        {
            job = await access.OpenAsync(caller, id, JobWay.ReadInputs, cancellationToken);
        }
        catch (NotFoundException)
        {
            throw new InvalidRequestException($"The job that made {version.Model}:{version.Version} is deleted. {Instead}");
        }

        if (job.Type != TrainJob.Type || job.Inputs.FirstOrDefault(input => input.Name == FoundDataset.InputName) is not { } data)
            throw new InvalidRequestException($"{version.Model}:{version.Version} was not trained here on a data set. {Instead}");
        if (data.SizeBytes > Limits.DatasetBytes)
            throw new TooLargeException($"The data set of the training has more than {Limits.DatasetBytes} bytes, which is the limit.");
        return await Artifacts.TouchAsync(data.Sha256, cancellationToken) ? data : throw new InvalidRequestException($"The data set of the training is not stored any more. {Instead}");
    }
}

/// <summary>Comparisons by schedule.</summary>
public sealed class ScheduledDrift(DriftSubmitter comparisons, DatasetFinder finder, ScoringLimits limits) : ScheduledDatasetJob<DriftOptions>(comparisons, finder, limits)
{
    /// <inheritdoc/>
    public override string Type => DriftJob.Type;
}
