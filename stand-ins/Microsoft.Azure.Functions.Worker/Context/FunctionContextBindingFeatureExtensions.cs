using Microsoft.Azure.Functions.Worker.Embedded;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>What middleware can read of an invocation, and change.</summary>
public static class FunctionContextBindingFeatureExtensions
{
    /// <summary>What the invocation gives. Setting its value replaces what the function returned.</summary>
    public static InvocationResult GetInvocationResult(this FunctionContext context) =>
        ((EmbeddedFunctionContext)context).Result;

    /// <summary>What the invocation gives, as a <typeparamref name="T"/>.</summary>
    /// <exception cref="InvalidOperationException">There is no result, or it is of another type.</exception>
    public static InvocationResult<T> GetInvocationResult<T>(this FunctionContext context)
    {
        var result = ((EmbeddedFunctionContext)context).Result;
        return result.Value is T
            ? new TypedInvocationResult<T>(result)
            : throw new InvalidOperationException(
                $"The result of this invocation is not a {typeof(T).Name}. Use the overload that does not name a type.");
    }
}
