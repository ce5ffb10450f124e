using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Runs functions, and logs that they run.</summary>
internal sealed class FunctionDispatcher(FunctionHost host) : IFunctionDispatcher
{
    public async ValueTask<object?> InvokeAsync(EmbeddedFunction function, Invocation invocation, CancellationToken cancellationToken)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, host.Stopping);
        if (host.FunctionTimeout is { } timeout)
            cancellation.CancelAfter(timeout);
        await using var context = new EmbeddedFunctionContext(function, host)
        {
            TriggerData = invocation.Data,
            Reason = invocation.Reason,
            BindingData = invocation.BindingData,
            RetryCount = invocation.RetryCount,
            MaxRetryCount = invocation.MaxRetryCount,
            InvocationToken = cancellation.Token,
        };
        await RunAsync(context, LogLevel.Information);
        return context.ResultValue;
    }

    /// <summary>Runs the pipeline of an invocation, and logs it at the given level; its failure as an error.</summary>
    public async ValueTask RunAsync(EmbeddedFunctionContext context, LogLevel level)
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
            InvocationLog.Failed(function.Logger, exception, function.Name, context.InvocationId, Milliseconds(start));
            throw;
        }

        InvocationLog.Succeeded(function.Logger, level, function.Name, context.InvocationId, Milliseconds(start));
    }

    private static long Milliseconds(long start) => (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}
