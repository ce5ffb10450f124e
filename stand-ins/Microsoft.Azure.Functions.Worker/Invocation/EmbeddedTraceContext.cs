using System.Diagnostics;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>The trace that an invocation is part of.</summary>
internal sealed class EmbeddedTraceContext(string traceParent, string traceState) : TraceContext
{
    public override string TraceParent { get; } = traceParent;

    public override string TraceState { get; } = traceState;

    /// <summary>The trace context of the activity under way; empty when there is none.</summary>
    public static EmbeddedTraceContext Current() => Activity.Current is { } activity
        ? new EmbeddedTraceContext(activity.Id ?? "", activity.TraceStateString ?? "")
        : new EmbeddedTraceContext("", "");
}
