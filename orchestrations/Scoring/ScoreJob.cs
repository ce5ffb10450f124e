using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Scoring;

/// <summary>The jobs that score a data set: <see cref="ScoreDataset"/>, told by <see cref="ScoreOptions"/>.</summary>
/// <param name="limits">How many chunks at a time.</param>
/// <param name="urls">Which URLs.</param>
public sealed class ScoreJob(ScoringLimits limits, UrlSource urls) : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "score";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ScoreDataset;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Contributors;

    /// <inheritdoc/>
    public bool KeepsVersion => true;

    /// <inheritdoc/>
    public object InputOf(Job job) => new ScoringInput(job.Id, limits.ParallelChunks, JobOptions.Of<ScoreOptions>(job).MaxErrors);

    /// <inheritdoc/>
    public void Check(Job job)
    {
        if (job.Inputs.Count == 0 && job.Source is { } source && DatasetSource.IsUrl(source))
            urls.Require(source);
    }
}
