namespace Microsoft.DurableTask;

/// <summary>Thrown in an orchestrator when an activity or an orchestration that it called has failed.</summary>
public sealed class TaskFailedException : Exception
{
    /// <summary>A failure known as an exception.</summary>
    public TaskFailedException(string taskName, int taskId, Exception innerException)
        : base(Sentence(taskName, taskId, innerException.Message), innerException)
    {
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = TaskFailureDetails.FromException(innerException);
    }

    /// <summary>A failure known by its details.</summary>
    public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails)
        : base(Sentence(taskName, taskId, failureDetails.ErrorMessage))
    {
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = failureDetails;
    }

    /// <summary>The name of what failed.</summary>
    public string TaskName { get; }

    /// <summary>Which call of the orchestrator's it was: its calls, timers and sent events have consecutive numbers from 0.</summary>
    public int TaskId { get; }

    /// <summary>How it failed.</summary>
    public TaskFailureDetails FailureDetails { get; }

    // The form is the official one, which people search logs for.
    private static string Sentence(string name, int id, string message) => $"Task '{name}' (#{id}) failed with an unhandled exception: {message}";
}
