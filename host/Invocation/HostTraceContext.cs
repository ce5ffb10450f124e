using System.Diagnostics;

namespace Larder.Host;

/// <summary>The trace that an invocation is part of.</summary>
internal sealed class HostTraceContext(string traceParent, string traceState) : TraceContext
{
    public override string TraceParent { get; } = traceParent;

    public override string TraceState { get; } = traceState;

    /// <summary>The trace context of the activity under way; empty when there is none.</summary>
    public static HostTraceContext Current() => Activity.Current is { } activity
        ? new HostTraceContext(activity.Id ?? "", activity.TraceStateString ?? "")
        : new HostTraceContext("", "");
}
