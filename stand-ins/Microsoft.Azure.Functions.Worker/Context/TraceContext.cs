namespace Microsoft.Azure.Functions.Worker;

/// <summary>The W3C trace context of an invocation; empty strings when nothing traces.</summary>
public abstract class TraceContext
{
    /// <summary>The <c>traceparent</c> of the activity that the function runs in.</summary>
    public abstract string TraceParent { get; }

    /// <summary>The <c>tracestate</c> of the activity that the function runs in.</summary>
    public abstract string TraceState { get; }
}
