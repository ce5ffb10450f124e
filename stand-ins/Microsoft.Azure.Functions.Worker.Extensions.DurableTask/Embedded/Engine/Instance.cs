using Azure;
using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// An instance in the memory of the host that runs the task hub. Messages for it collect in a mailbox; one worker at a time takes all that have
/// come, lets the code run a turn for them, and commits what results by one conditional write. Only then is anything done that others see.
/// </summary>
internal sealed partial class Instance
{
    private static readonly TimeSpan retryAfter = TimeSpan.FromSeconds(10);

    private readonly TaskHub hub;
    private readonly Lock gate = new();
    private readonly List<string> forgotten = [];
    private readonly HashSet<string> delivered = [];
    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<Mail> mailbox = [];

    // Until it has begun, what comes only collects.
    private bool isQueued = true;
    private bool isWriting;
    private bool isGone;
    private bool isLost;

    /// <param name="hub">The hub.</param>
    /// <param name="stored">The instance as it stands in storage.</param>
    /// <param name="history">Its episodes; the values in them may be without text.</param>
    public Instance(TaskHub hub, StoredInstance stored, IReadOnlyList<Episode> history)
    {
        this.hub = hub;
        Load(stored, history);
    }

    /// <summary>Its id.</summary>
    public string Id => Document.Instance;

    /// <summary>It as it was last stored.</summary>
    public InstanceDocument Document { get; private set; } = null!;

    /// <summary>Completes when there is nothing left to do for it, here at least.</summary>
    public Task Gone => gone.Task;

    /// <summary>Begins what its document says is to be done.</summary>
    /// <param name="known">Ids of messages that may come again; the others need not be remembered any more. Null when nobody knows.</param>
    public void Begin(IReadOnlySet<string>? known = null)
    {
        if (known is not null)
        {
            lock (gate)
                forgotten.AddRange(Document.Received.Where(id => !known.Contains(id)));
        }

        foreach (var decision in open.Values)
            Start(decision);
        sending = hub.Outbox.Send(this, Document.Outbox, sending);
        if (Document is { IsFinal: false, IsFresh: true, StartAt: { } start } && start > hub.Clock.GetUtcNow())
            startTimer = hub.Timers.Schedule(start, () => Post(new Mail(new Nudge())));
        else if (!Document.IsFinal)
            Post(new Mail(new Nudge()));
        Requeue();
    }

    /// <summary>Tells it something.</summary>
    public void Post(Mail mail)
    {
        lock (gate)
        {
            if (!isGone && !isLost)
            {
                mailbox.Add(mail);
                Queue();
                return;
            }
        }

        // One that has ended needs not be told anything any more.
        if (isGone)
            mail.SetStored();
        else
            mail.SetLost(isUnknown: false);
    }

    /// <summary>A message that it had for another has arrived there, for good.</summary>
    public void SetDelivered(string messageId)
    {
        lock (gate)
        {
            if (Document.Outbox.Any(message => message.Id == messageId))
                delivered.Add(messageId);
        }

        FinishIfDelivered();
    }

    /// <summary>A message that it got will not come again.</summary>
    public void Forget(string messageId)
    {
        lock (gate)
            forgotten.Add(messageId);
    }

    /// <summary>The host does not run the hub any more. Called when no worker is at it.</summary>
    public ValueTask LoseAsync()
    {
        List<Mail> left;
        lock (gate)
        {
            isLost = true;
            (left, mailbox) = (mailbox, []);
        }

        foreach (var mail in left)
            mail.SetLost(isUnknown: false);
        gone.TrySetResult();
        return DropRunAsync();
    }

    /// <summary>Handles all messages that have come. Called by one worker at a time.</summary>
    public async Task ProcessAsync(CancellationToken stop)
    {
        List<Mail> mails;
        lock (gate)
            (mails, mailbox) = (mailbox, []);
        try
        {
            while (!await TryCommitAsync(mails, stop))
            {
                // Somebody else has written the document: what it says now counts, and the messages are new to it.
                await ReloadAsync(stop);
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            foreach (var mail in mails)
                mail.SetLost(isWriting);
            return;
        }
        catch (Exception error)
        {
            // Nothing has been stored, so nothing is lost, if it is tried again.
            hub.Log.Broken(error, Id, retryAfter);
            await DropRunAsync();
            lock (gate)
                mailbox = [.. mails, .. mailbox];
            hub.Timers.Schedule(hub.Clock.GetUtcNow() + retryAfter, Requeue);
            return;
        }

        foreach (var mail in mails)
            mail.SetStored();
        Requeue();
    }

    private void Requeue()
    {
        lock (gate)
        {
            isQueued = false;
            if (mailbox.Count > 0)
                Queue();
        }
    }

    // An instance that has ended has to be stored once more when all that it had for others is delivered, whichever comes last.
    private void FinishIfDelivered()
    {
        lock (gate)
        {
            if (Document is not { IsFinal: true, Outbox.Count: > 0 } || !Document.Outbox.All(message => delivered.Contains(message.Id)))
                return;
        }

        Post(new Mail(new OutboxDelivered()));
    }

    private void Queue()
    {
        if (isQueued || isGone)
            return;
        isQueued = hub.Enqueue(this);
    }

    private void Leave()
    {
        List<Mail> left;
        lock (gate)
        {
            isGone = true;
            (left, mailbox) = (mailbox, []);
        }

        foreach (var mail in left)
            mail.SetStored();
        hub.Remove(this);
        gone.TrySetResult();
    }
}
