namespace Larder.Host.Invocation;

/// <summary>Why a function is to run, and on what.</summary>
/// <param name="Data">What the trigger's bindings need: <see cref="HostFunctionContext.TriggerData"/>.</param>
/// <param name="Reason">For the log: <c>New blob detected(LogsAndContainerScan): uploads/iris/1.onnx</c>.</param>
/// <param name="BindingData">What the trigger says of itself, by name (give it a dictionary that ignores case): FunctionContext.BindingContext.BindingData.</param>
/// <param name="RetryCount">The number of tries before this one.</param>
/// <param name="MaxRetryCount">How often a failed invocation is tried again.</param>
internal sealed record TriggerInvocation(
    object? Data, string Reason, IReadOnlyDictionary<string, object?> BindingData, int RetryCount = 0, int MaxRetryCount = 0);
