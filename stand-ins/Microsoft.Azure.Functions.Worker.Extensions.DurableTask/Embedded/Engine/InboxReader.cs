namespace Microsoft.DurableTask.Embedded;

/// <summary>Reads what clients in other processes have written for instances of this hub.</summary>
internal sealed class InboxReader(TaskHub hub)
{
    private static readonly TimeSpan shortestWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan longestWait = TimeSpan.FromSeconds(2);

    // A client says that it is about to store an instance, and then stores it: it needs that long at most.
    private static readonly TimeSpan wakeLifetime = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim oneAtATime = new(1);

    /// <summary>Reads until the hub is given up.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var wait = shortestWait; ; wait = wait * 2 < longestWait ? wait * 2 : longestWait)
        {
            if (await ReadAsync(stop))
                wait = shortestWait;
            await Task.Delay(wait, TimeProvider.System, stop);
        }
    }

    /// <summary>Reads what lies there now.</summary>
    /// <returns>Whether there was anything.</returns>
    public async Task<bool> ReadAsync(CancellationToken stop)
    {
        await oneAtATime.WaitAsync(stop);
        try
        {
            // All are posted, in their order, before any is waited for.
            var handled = new List<(InboxEntry Entry, Task<bool> IsDone)>();
            foreach (var entry in await hub.PersistAsync(hub.Store.Inbox.ReadAsync, stop))
                handled.Add((entry, await HandleAsync(entry, stop)));
            var any = false;
            foreach (var (entry, isDone) in handled)
            {
                if (!await isDone)
                    continue;
                any = true;
                await hub.PersistAsync(async token =>
                {
                    await hub.Store.Inbox.DeleteAsync(entry.Blob, token);
                    return true;
                }, stop);
                hub.Forget(entry.Message.Instance, entry.Message.Id);
            }

            return any;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    private async Task<Task<bool>> HandleAsync(InboxEntry entry, CancellationToken stop)
    {
        var message = entry.Message;
        var instance = await hub.FindAsync(message.Instance, stop);
        if (message.Kind == InboxKind.Wake)
            return IsAwakeAsync(entry, instance, stop);
        if (instance is null)
            return Task.FromResult(true);
        var mail = new Mail(message.ToMessage(), message.Id);
        instance.Post(mail);
        return IsStoredAsync(mail, stop);
    }

    private static async Task<bool> IsStoredAsync(Mail mail, CancellationToken stop)
    {
        await mail.Stored.WaitAsync(stop);
        return true;
    }

    private async Task<bool> IsAwakeAsync(InboxEntry entry, Instance? instance, CancellationToken stop)
    {
        var document = instance?.Document ??
            (await hub.PersistAsync(token => hub.Store.Instances.ReadAsync(entry.Message.Instance, token), stop))?.Document;

        // One that was stored just after this host had looked for it is not awake: it is looked for again.
        if (instance is null && document is { IsActive: true })
            return false;
        return document?.Execution == entry.Message.Execution || DateTimeOffset.UtcNow - entry.Written > wakeLifetime;
    }
}
