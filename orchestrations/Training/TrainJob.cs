using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Training;

/// <summary>The type of trainings: <see cref="TrainModel"/> with <see cref="TrainOptions"/>.</summary>
/// <param name="backend">Where they run.</param>
/// <param name="urls">Which URLs data sets may have.</param>
public sealed class TrainJob(IComputeBackend backend, UrlSource urls) : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "train";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.TrainModel;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Contributors;

    /// <inheritdoc/>
    public object InputOf(Job job)
    {
        var options = JobOptions.Of<TrainOptions>(job);
        return new TrainingInput(job.Id, job.MaxAttempts, options.Timeout, options.Compile is not null, options.Alias is not null);
    }

    /// <inheritdoc/>
    public void Check(Job job)
    {
        backend.Validate(JobOptions.Of<TrainOptions>(job).Resources);
        if (job.Source is { } source && DatasetSource.IsUrl(source) && job.Inputs.All(input => input.Name != FoundDataset.InputName))
            urls.Require(source);
    }
}
