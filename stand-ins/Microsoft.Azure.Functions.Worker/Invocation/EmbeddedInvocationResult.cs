namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>The result of an invocation, read and written through its context.</summary>
internal sealed class EmbeddedInvocationResult(EmbeddedFunctionContext context) : InvocationResult
{
    public override object? Value
    {
        get => context.ResultValue;
        set => context.ResultValue = value;
    }
}
