using System.Globalization;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Something that an orchestrator has decided to do.</summary>
/// <param name="Id">Its number among the orchestrator's decisions, from 0.</param>
/// <param name="Kind">What.</param>
/// <param name="Name">The activity, the orchestrator, the event.</param>
/// <param name="Value">The input or the event's value.</param>
/// <param name="Instance">The instance that is started or gets the event.</param>
/// <param name="Version">The version of the orchestration that is started.</param>
/// <param name="FireAt">The timer's time (UTC).</param>
internal sealed record Decision(
    int Id, DecisionKind Kind, string? Name = null, Payload? Value = null, string? Instance = null, string? Version = null, DateTime? FireAt = null)
{
    /// <summary>Whether the code, run again, has decided the same: kind and name. Values may differ; those that were stored count.</summary>
    public bool IsSameAs(Decision other) => Id == other.Id && Kind == other.Kind && string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);

    /// <summary>For sentences: <c>activity 'Train'</c>.</summary>
    public override string ToString() => Kind switch
    {
        DecisionKind.Activity => $"activity '{Name}'",
        DecisionKind.Orchestration => $"orchestrator '{Name}'",
        DecisionKind.Timer => $"a timer for {FireAt?.ToString("u", CultureInfo.InvariantCulture)}",
        _ => $"event '{Name}' to instance '{Instance}'",
    };
}
