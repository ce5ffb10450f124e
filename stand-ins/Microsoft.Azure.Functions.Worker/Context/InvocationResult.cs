namespace Microsoft.Azure.Functions.Worker;

/// <summary>What an invocation gives: the function's return value, unless a middleware put another in its place.</summary>
public abstract class InvocationResult : InvocationResult<object>;
