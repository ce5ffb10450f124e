namespace Microsoft.DurableTask.Embedded;

/// <summary>What a turn of an orchestration has given.</summary>
/// <param name="Kind">How it has ended.</param>
/// <param name="Decisions">What the code has decided.</param>
internal sealed record TurnResult(TurnKind Kind, IReadOnlyList<Decision> Decisions)
{
    /// <summary>Of a completion, the output; of a new beginning, the new input.</summary>
    public string? Value { get; init; }

    /// <summary>Of a failure, the failure.</summary>
    public Exception? Error { get; init; }

    /// <summary>Of a new beginning: the version, if it changes.</summary>
    public string? NewVersion { get; init; }

    /// <summary>Of a new beginning: the events that are kept.</summary>
    public IReadOnlyList<Arrival> KeptEvents { get; init; } = [];

    /// <summary>Whether the code has set a custom status in this generation.</summary>
    public bool HasCustomStatus { get; init; }

    /// <summary>The custom status that it has set.</summary>
    public string? CustomStatus { get; init; }

    /// <summary>The decisions that the code has not got an answer to and still wants one: timers that it has cancelled are not among them.</summary>
    public IReadOnlyCollection<int> OpenTasks { get; init; } = [];
}
