using Microsoft.DurableTask;

namespace Larder.Orchestrations;

/// <summary>What jobs of all types say of endings that have nothing to do with their type.</summary>
internal static class JobEnding
{
    /// <summary>Why a job is canceled.</summary>
    public const string Canceled = "It was canceled.";

    /// <summary>Why a job failed whose step was tried as often as it may be.</summary>
    public static string Of(TaskFailedException failure) => $"The step {failure.TaskName} failed on the server: {failure.FailureDetails.ErrorMessage}";
}
