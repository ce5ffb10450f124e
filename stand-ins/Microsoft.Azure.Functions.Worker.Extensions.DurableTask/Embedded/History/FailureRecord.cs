namespace Microsoft.DurableTask.Embedded;

/// <summary>A failure as it is stored.</summary>
/// <param name="Type">The exception's type.</param>
/// <param name="Message">Its message.</param>
/// <param name="Stack">Where it was thrown.</param>
/// <param name="Inner">What caused it.</param>
/// <param name="IsFinal">Another attempt cannot end otherwise.</param>
internal sealed record FailureRecord(string Type, string Message, string? Stack = null, FailureRecord? Inner = null, bool IsFinal = false)
{
    /// <summary>As it is stored.</summary>
    public static FailureRecord Of(TaskFailureDetails details) => new(
        details.ErrorType, details.ErrorMessage, details.StackTrace, details.InnerFailure is { } inner ? Of(inner) : null, details.IsFinal);

    /// <summary>As an exception's failure is stored.</summary>
    public static FailureRecord Of(Exception exception) => Of(TaskFailureDetails.FromException(exception));

    /// <summary>As the application sees it.</summary>
    public TaskFailureDetails ToDetails() => new(Type, Message, Stack, Inner?.ToDetails(), null) { IsFinal = IsFinal };
}
