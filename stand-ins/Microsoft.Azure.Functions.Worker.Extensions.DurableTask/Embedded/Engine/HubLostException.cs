namespace Microsoft.DurableTask.Embedded;

/// <summary>This host does not run the task hub any more, so a message was not stored by it.</summary>
/// <param name="isUnknown">Whether it may have been stored all the same: the write was under way.</param>
internal sealed class HubLostException(bool isUnknown) : Exception("This host does not run the task hub any more.")
{
    /// <summary>Whether the message may have been stored all the same.</summary>
    public bool IsUnknown { get; } = isUnknown;
}
