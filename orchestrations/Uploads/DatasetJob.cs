using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Uploads;

/// <summary>The jobs that take uploaded data sets in: <see cref="ReceiveDataset"/>, told by <see cref="DatasetOptions"/>.</summary>
/// <param name="training">How much a training may be given.</param>
/// <param name="scoring">How much a scoring may be given.</param>
public sealed class DatasetJob(JobLimits training, ScoringLimits scoring) : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "dataset";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ReceiveDataset;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Contributors;

    /// <inheritdoc/>
    public string NotScheduled =>
        "What was uploaded in blocks is taken in once, and then gone. Schedule train or score with the data set's address: it is read anew each time.";

    /// <summary>The most bytes that a data set may have: what no job could be given is not taken in.</summary>
    public long MostBytes => Math.Max(training.DatasetBytes, scoring.DatasetBytes);

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job)
    {
        // Whatever can be said against an upload, its steps say.
    }
}
