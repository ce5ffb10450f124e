namespace Microsoft.DurableTask.Embedded;

/// <summary>A message on its way to an instance.</summary>
/// <param name="Message">What it says.</param>
/// <param name="Id">By which it is known when it comes again; null when it does not come again.</param>
internal sealed record Mail(Message Message, string? Id = null)
{
    private readonly TaskCompletionSource stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when what the message has led to is stored, or when it leads to nothing; fails with a <see cref="HubLostException"/>.</summary>
    public Task Stored => stored.Task;

    /// <summary>It is stored.</summary>
    public void SetStored() => stored.TrySetResult();

    /// <summary>The host does not run the hub any more.</summary>
    /// <param name="isUnknown">Whether it may be stored all the same.</param>
    public void SetLost(bool isUnknown)
    {
        stored.TrySetException(new HubLostException(isUnknown));

        // Few senders look.
        _ = stored.Task.Exception;
    }
}
