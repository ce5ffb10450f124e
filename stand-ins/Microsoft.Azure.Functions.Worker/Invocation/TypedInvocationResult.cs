namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>An invocation's result seen as a <typeparamref name="T"/>.</summary>
internal sealed class TypedInvocationResult<T>(InvocationResult inner) : InvocationResult<T>
{
    public override T? Value
    {
        get => (T?)inner.Value;
        set => inner.Value = value;
    }
}
