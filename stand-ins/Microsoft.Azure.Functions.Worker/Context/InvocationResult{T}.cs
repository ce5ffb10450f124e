namespace Microsoft.Azure.Functions.Worker;

/// <summary>What an invocation gives, as a <typeparamref name="T"/>.</summary>
public abstract class InvocationResult<T>
{
    /// <summary>The value; null before the function has run, and when it gave nothing.</summary>
    public abstract T? Value { get; set; }
}
