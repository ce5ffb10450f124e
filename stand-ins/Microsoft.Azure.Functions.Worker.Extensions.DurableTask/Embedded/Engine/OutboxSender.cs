using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// Delivers what instances have for others, after it was stored and until it is stored there. Whatever it does may be done again after a crash, so
/// receivers tell by a message's id, or by their own state, that they have it.
/// </summary>
internal sealed class OutboxSender(TaskHub hub)
{
    private static readonly TimeSpan retryAfter = TimeSpan.FromSeconds(10);

    /// <summary>Delivers messages of one instance, those for the same receiver in their order.</summary>
    /// <param name="from">The instance.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="earlier">The delivery of its earlier messages.</param>
    /// <returns>The delivery of all its messages.</returns>
    public Task Send(Instance from, IReadOnlyList<OutboxMessage> messages, Task earlier)
    {
        var sent = messages.Where(message => message.Kind != OutboxKind.Sweep)
            .GroupBy(message => message.Instance)
            .Select(group => hub.Track(stop => InsistAsync(() => SendAsync(from, [.. group], stop), stop)));
        var all = Task.WhenAll([earlier, .. sent]);

        // What is removed may be what an earlier message refers to.
        foreach (var sweep in messages.Where(message => message.Kind == OutboxKind.Sweep))
        {
            hub.Track(async stop =>
            {
                await all.WaitAsync(stop);
                await InsistAsync(() => SweepAsync(from, sweep, stop), stop);
            });
        }

        return all;
    }

    private async Task InsistAsync(Func<Task> action, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (Exception error) when (error is not HubLostException && !stop.IsCancellationRequested)
            {
                hub.Log.Unexpected(error);
            }

            await Task.Delay(retryAfter, TimeProvider.System, stop);
        }
    }

    private async Task SendAsync(Instance from, IReadOnlyList<OutboxMessage> messages, CancellationToken stop)
    {
        // All are posted before any is waited for, so that the receiver can store them at once.
        var arriving = new List<(OutboxMessage Message, Task Stored)>();
        foreach (var message in messages)
            arriving.Add((message, await SendAsync(from, message, stop)));
        foreach (var (message, stored) in arriving)
        {
            await stored.WaitAsync(stop);
            from.SetDelivered(message.Id);
        }
    }

    private async Task SweepAsync(Instance from, OutboxMessage sweep, CancellationToken stop)
    {
        await hub.PersistAsync(async token =>
        {
            await hub.Store.Data.SweepAsync(sweep.Instance, token);
            return true;
        }, stop);
        from.SetDelivered(sweep.Id);
    }

    private async Task<Task> SendAsync(Instance from, OutboxMessage message, CancellationToken stop)
    {
        // A large value's blob belongs to the sender, and goes with it: the receiver stores its own.
        var value = message.Value is null ? null : Payload.Of((await hub.PersistAsync(token => hub.Store.Data.LoadAsync(message.Value, token), stop)).Text);
        switch (message.Kind)
        {
            case OutboxKind.Start:
                await StartAsync(from, message, value, stop);
                return Task.CompletedTask;
            case OutboxKind.Result:
                var (id, link) = (message.Link!.TaskId, message.Link);
                var arrival = message.Failure is { } failure
                    ? new Arrival(ArrivalKind.Failed, id, Failure: failure)
                    : new Arrival(ArrivalKind.Completed, id, Value: value);
                return await PostAsync(message.Instance, new Mail(new Answer(link.Execution, link.Generation, arrival)), stop);
            case OutboxKind.Event:
                return await PostAsync(message.Instance, new Mail(new Raise(message.Name!, value), message.Id), stop);
            default:
                return await PostAsync(message.Instance, new Mail(new Terminate(null, IsRecursive: true, message.Start)), stop);
        }
    }

    // Who has ended, or does not exist, gets nothing.
    private async Task<Task> PostAsync(string instance, Mail mail, CancellationToken stop)
    {
        if (await hub.FindAsync(instance, stop) is not { } found)
            return Task.CompletedTask;
        found.Post(mail);
        return mail.Stored;
    }

    private async Task StartAsync(Instance from, OutboxMessage message, Payload? input, CancellationToken stop)
    {
        var document = NewInstance.Describe(
            message.Instance, message.Name!, message.Version ?? hub.Options.DefaultVersion, hub.Clock.GetUtcNow()) with { Parent = message.Link, Start = message.Id };
        if (input is { MustSpill: true })
        {
            var folder = BlobNames.DataOf(document.Instance, document.Execution, 0);
            input = await hub.PersistAsync(token => hub.Store.Data.SpillAsync(folder, input, token), stop);
        }

        document = document with { Input = input, HasBlobs = input?.Blob is not null };
        var creation = new NewInstance(hub.Store, document);
        while (!await hub.PersistAsync(creation.TryCreateAsync, stop))
        {
            var existing = creation.Existing!.Document;
            if (existing.Start == message.Id)
            {
                // It was delivered before. If it still runs, this host must know of it.
                await hub.FindAsync(existing.Instance, stop);
                return;
            }

            if (!existing.IsFinal)
            {
                var failure = new FailureRecord(
                    "DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException",
                    $"Orchestrator '{message.Name}' was not started: an instance with the id '{existing.Instance}' exists, and has not ended.");
                from.Post(new Mail(new Answer(message.Link!.Execution, message.Link.Generation, new Arrival(ArrivalKind.Failed, message.Link.TaskId, Failure: failure))));
                return;
            }

            // It has ended, and still has something for others; then it goes.
            if (await hub.FindAsync(existing.Instance, stop) is { } ending)
                await ending.Gone.WaitAsync(stop);
        }

        hub.Add(new StoredInstance(creation.Document, creation.ETag));
    }
}
