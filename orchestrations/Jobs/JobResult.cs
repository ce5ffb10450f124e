using System.Text.RegularExpressions;
using Larder.Registry.Jobs;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Larder.Orchestrations.Jobs;

/// <summary>How a job ends: the input of the activities that clean up after it and of the one that writes its final state.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="State">A final state.</param>
/// <param name="Reason">Why, in a sentence; null when there is nothing to say.</param>
/// <param name="IsRefused">Of an ingestion: whether the blob itself is at fault and is moved away.</param>
/// <param name="IsReplaced">Of an ingestion: whether the blob is gone or has other content now, which has a job of its own.</param>
public sealed partial record JobResult(string Job, JobState State, string? Reason = null, bool IsRefused = false, bool IsReplaced = false)
{
    /// <summary>Why a job is canceled.</summary>
    internal const string CanceledReason = "It was canceled.";

    internal static JobResult Canceled(string job) => new(job, JobState.Canceled, CanceledReason);

    internal static JobResult Failed(string job, string reason) => new(job, JobState.Failed, reason);

    /// <summary>The end of a job whose activity failed as often as its retry policy allows.</summary>
    internal static JobResult Failed(string job, TaskFailedException failure) =>
        Failed(job, $"The step {failure.TaskName} failed on the server: {failure.FailureDetails.ErrorMessage}");

    /// <summary>The end of a job whose orchestration ended without ending the job.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="instance">The instance with its output: DurableTask.AzureStorage stores an error's type and message there, and no failure details.</param>
    internal static JobResult Abandoned(string job, OrchestrationMetadata instance) =>
        Failed(job, $"The server could not finish it: {ReasonOf(instance)}");

    private static string ReasonOf(OrchestrationMetadata instance)
    {
        if (instance.FailureDetails?.ErrorMessage is { } message)
            return message;
        return instance is { RuntimeStatus: OrchestrationRuntimeStatus.Failed, SerializedOutput: { Length: > 0 } output }
            ? ExceptionType().Replace(output.Trim('"'), "")
            : $"its orchestration is {instance.RuntimeStatus}";
    }

    [GeneratedRegex(@"^[\w.+`]+Exception: ")]
    private static partial Regex ExceptionType();
}
