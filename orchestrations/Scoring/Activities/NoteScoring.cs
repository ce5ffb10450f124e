using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Scoring.Activities;

/// <summary>Writes down in the job how far its scoring is.</summary>
public sealed class NoteScoring(JobSteps steps)
{
    /// <summary>How far.</summary>
    /// <param name="Job">The job's id.</param>
    /// <param name="Progress">What is done.</param>
    public sealed record Input(string Job, ScoringProgress Progress);

    /// <summary>Stores the progress in the job's document.</summary>
    [Function(ActivityNames.NoteScoring)]
    public Task Run([ActivityTrigger] Input input, CancellationToken cancellationToken) => steps.NoteAsync(
        input.Job,
        "score",
        input.Progress.Sentence(),
        input.Progress.Done == input.Progress.Chunks,
        job => job with { Metrics = new Dictionary<string, double> { ["rows"] = input.Progress.Scored, ["errors"] = input.Progress.Errors } },
        cancellationToken);
}
