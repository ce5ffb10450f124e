namespace Microsoft.Azure.Functions.Worker;

/// <summary>One invocation of a function.</summary>
public abstract class FunctionContext
{
    /// <summary>This invocation's id: new for each invocation.</summary>
    public abstract string InvocationId { get; }

    /// <summary>The function's id: the same for the life of the application, and from one start to the next.</summary>
    public abstract string FunctionId { get; }

    /// <summary>The trace that the invocation is part of.</summary>
    public abstract TraceContext TraceContext { get; }

    /// <summary>What the trigger said of itself, by name.</summary>
    public abstract BindingContext BindingContext { get; }

    /// <summary>Which try this is.</summary>
    public abstract RetryContext RetryContext { get; }

    /// <summary>The services of this invocation: scoped services live as long as it does.</summary>
    public abstract IServiceProvider InstanceServices { get; set; }

    /// <summary>The function that is invoked.</summary>
    public abstract FunctionDefinition FunctionDefinition { get; }

    /// <summary>A place for middleware and function to leave things for each other.</summary>
    public abstract IDictionary<object, object> Items { get; set; }

    /// <summary>What the host and its extensions know of this invocation, by type.</summary>
    public abstract IInvocationFeatures Features { get; }

    /// <summary>Signalled when the caller has gone, the function's time is over, or the host must stop.</summary>
    public virtual CancellationToken CancellationToken { get; }
}
