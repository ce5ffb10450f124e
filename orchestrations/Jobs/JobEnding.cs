using System.Text.RegularExpressions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Larder.Orchestrations.Jobs;

/// <summary>What jobs of all types say of endings that have nothing to do with their type.</summary>
internal static partial class JobEnding
{
    /// <summary>Why a job is canceled.</summary>
    public const string Canceled = "It was canceled.";

    /// <summary>Why a job failed whose step was tried as often as it may be.</summary>
    public static string Of(TaskFailedException failure) => $"The step {failure.TaskName} failed on the server: {failure.FailureDetails.ErrorMessage}";

    /// <summary>Why an orchestration that has ended did not end its job.</summary>
    /// <param name="instance">The instance, with its output: DurableTask.AzureStorage keeps an error's type and message there, and no details.</param>
    public static string ReasonOf(OrchestrationMetadata instance)
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
