using System.Diagnostics;
using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Logging;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Invocation;

/// <summary>Runs functions, and logs that they run.</summary>
internal sealed class FunctionDispatcher(FunctionHost host)
{
    /// <summary>
    /// Runs one invocation: middleware, bindings, the function; logs its start and end. The invocation's token is signalled by
    /// <paramref name="cancellationToken"/>, by the function timeout, and when the host stops.
    /// </summary>
    /// <returns>The invocation's result: what the function returned, or what a middleware put in its place.</returns>
    /// <exception cref="Exception">What the function or a middleware threw, already logged.</exception>
    public async ValueTask<object?> InvokeAsync(HostFunction function, TriggerInvocation invocation, CancellationToken cancellationToken)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, host.Stopping);
        if (host.FunctionTimeout is { } timeout)
            cancellation.CancelAfter(timeout);
        await using var context = new TriggeredFunctionContext(function, host, invocation, cancellation.Token);
        using var activity = HostTraceContext.Source.StartActivity(function.Name, ActivityKind.Consumer);
        activity?.SetTag("faas.name", function.Name).SetTag("faas.invocation_id", context.InvocationId);
        try
        {
            await RunAsync(context, LogLevel.Information, LogLevel.Error);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }

        return context.ResultValue;
    }

    /// <summary>Runs the pipeline of an invocation, and logs it.</summary>
    /// <param name="context">The invocation.</param>
    /// <param name="level">At which level its start and success are logged.</param>
    /// <param name="failure">At which level its failure is.</param>
    public static async ValueTask RunAsync(HostFunctionContext context, LogLevel level, LogLevel failure)
    {
        var function = context.Function;
        InvocationLog.Executing(function.Logger, level, function.Name, context.Reason, context.InvocationId);
        var start = Stopwatch.GetTimestamp();
        try
        {
            await function.Pipeline(context);
        }
        catch (Exception exception)
        {
            InvocationLog.Failed(function.Logger, failure, exception, function.Name, context.InvocationId, Milliseconds(start));
            throw;
        }

        InvocationLog.Succeeded(function.Logger, level, function.Name, context.InvocationId, Milliseconds(start));
    }

    private static long Milliseconds(long start) => (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}

/// <summary>Why a function is to run, and on what.</summary>
/// <param name="Data">What the trigger's bindings need: <see cref="HostFunctionContext.TriggerData"/>.</param>
/// <param name="Reason">For the log: <c>New blob detected(LogsAndContainerScan): uploads/iris/1.onnx</c>.</param>
/// <param name="BindingData">What the trigger says of itself, by name (give it a dictionary that ignores case): FunctionContext.BindingContext.BindingData.</param>
/// <param name="RetryCount">The number of tries before this one.</param>
/// <param name="MaxRetryCount">How often a failed invocation is tried again.</param>
internal sealed record TriggerInvocation(
    object? Data, string Reason, IReadOnlyDictionary<string, object?> BindingData, int RetryCount = 0, int MaxRetryCount = 0);
