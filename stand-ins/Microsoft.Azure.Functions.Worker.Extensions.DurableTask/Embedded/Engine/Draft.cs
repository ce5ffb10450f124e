using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// What an instance's document becomes by the messages that have come: first they are taken in, then the code may run a turn, and what results is
/// stored as one. Nothing of it counts before that.
/// </summary>
/// <param name="document">The document as stored.</param>
/// <param name="open">The decisions that have no answer yet.</param>
/// <param name="now">The time.</param>
internal sealed class Draft(InstanceDocument document, IReadOnlyDictionary<int, Decision> open, DateTimeOffset now)
{
    private readonly List<Arrival> arrivals = [];
    private readonly List<string> received = [];
    private bool? isSuspended;

    /// <summary>The document as it will be.</summary>
    public InstanceDocument Document { get; set; } = document;

    /// <summary>Whether there is anything to store.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>The decisions that now have an answer.</summary>
    public HashSet<int> Answered { get; } = [];

    /// <summary>What has come, for the code to see if it may run now. Large values must get blobs first.</summary>
    public IReadOnlyList<Arrival> Arrivals { get; set; } = [];

    /// <summary>Why the instance fails, if the code was found to have done what it must not.</summary>
    public string? Violation { get; private set; }

    /// <summary>Whether the code has something to run for, and may.</summary>
    public bool IsRunnable =>
        !Document.IsFinal && Document.Status != OrchestrationRuntimeStatus.Suspended && Violation is null &&
        (Document.IsFresh ? !(Document.StartAt > now) : Document.Waiting.Count > 0 || Arrivals.Count > 0);

    /// <summary>Takes messages in.</summary>
    public void Absorb(IReadOnlyList<Mail> mails)
    {
        foreach (var mail in mails)
            if (!Document.IsFinal && Accept(mail.Id))
                Absorb(mail.Message);

        // All that an ended instance had for others is delivered: it has nothing left to do, which must be seen from outside.
        if (Document is { IsFinal: true, Outbox.Count: > 0 } && mails.Any(mail => mail.Message is OutboxDelivered))
            IsChanged = true;
        if (isSuspended is { } suspended)
        {
            IsChanged = true;
            var status = suspended ? OrchestrationRuntimeStatus.Suspended
                : Document.IsFresh ? OrchestrationRuntimeStatus.Pending
                : OrchestrationRuntimeStatus.Running;
            if (!Document.IsFinal)
                Document = Document with { Status = status };
        }

        Arrivals = arrivals;
        IsChanged |= arrivals.Count > 0 || Violation is not null || received.Count > 0 || IsRunnable;
        Document = Document with { Received = [.. Document.Received, .. received] };
    }

    /// <summary>Keeps what has come for later: the code may not run.</summary>
    public void KeepArrivals() => Document = Document with { Waiting = [.. Document.Waiting, .. Arrivals] };

    /// <summary>The instance ends; if it was called, its caller gets the output, or the failure if there is one.</summary>
    public void End(OrchestrationRuntimeStatus status, Payload? output, FailureRecord? failure)
    {
        var result = Document.Parent is not { } parent ? null : new OutboxMessage(
            MessageId("result"), OutboxKind.Result, parent.Instance, Value: failure is null ? output : null, Failure: failure, Link: parent);
        Document = Document with
        {
            Status = status,
            Output = output,
            Failure = status == OrchestrationRuntimeStatus.Failed ? failure : null,
            Waiting = [],
            Received = [],
            Outbox = result is null ? Document.Outbox : [.. Document.Outbox, result],
        };
        IsChanged = true;
    }

    /// <summary>The id of something that this generation has for others.</summary>
    public string MessageId(object what) => $"{Document.Execution}.{Document.Generation}.{what}";

    private bool Accept(string? id)
    {
        if (id is null)
            return true;
        if (Document.Received.Contains(id) || received.Contains(id))
            return false;
        received.Add(id);
        return true;
    }

    private void Absorb(Message message)
    {
        switch (message)
        {
            case Answer answer when IsCurrent(answer.Execution, answer.Generation):
                var id = answer.Arrival.Id!.Value;
                if (open.ContainsKey(id) && Answered.Add(id))
                    arrivals.Add(answer.Arrival);
                break;
            case Raise raise:
                arrivals.Add(new Arrival(ArrivalKind.Raised, Name: raise.Name, Value: raise.Value));
                break;
            case Suspend:
                isSuspended = true;
                break;
            case Resume when isSuspended ?? Document.Status == OrchestrationRuntimeStatus.Suspended:
                isSuspended = false;
                break;
            case Violation violation when IsCurrent(violation.Execution, violation.Generation):
                Violation = violation.Sentence;
                break;
            case Terminate terminate when terminate.Start is null || terminate.Start == Document.Start:
                if (terminate.IsRecursive)
                    TerminateCalled();
                End(OrchestrationRuntimeStatus.Terminated, terminate.Output, TerminationFailure(terminate.Output));
                break;
        }
    }

    // What the caller of a terminated orchestration gets to see.
    private static FailureRecord TerminationFailure(Payload? output) => new(
        "DurableTask.Core.Exceptions.OrchestrationException",
        output?.Text is { } text ? $"The orchestration was terminated: {text}" : "The orchestration was terminated.");

    private bool IsCurrent(string execution, int generation) => Document.Execution == execution && Document.Generation == generation;

    private void TerminateCalled()
    {
        var called = open.Values.Where(decision => decision.Kind == DecisionKind.Orchestration && !Answered.Contains(decision.Id));
        var messages = called.Select(decision => new OutboxMessage(
            MessageId($"{decision.Id}.end"), OutboxKind.Terminate, decision.Instance!, Start: MessageId(decision.Id)));
        Document = Document with { Outbox = [.. Document.Outbox, .. messages] };
    }
}
