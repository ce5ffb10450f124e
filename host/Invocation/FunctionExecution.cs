using Larder.Host.Functions;

namespace Larder.Host.Invocation;

/// <summary>The end of the pipeline: fetches what the arguments need, then calls the function.</summary>
internal sealed class FunctionExecution(ITriggerBinding binding, Func<HostFunctionContext, Task> call)
{
    public Task ExecuteAsync(FunctionContext context)
    {
        try
        {
            var invocation = (HostFunctionContext)context;
            var preparing = binding.PrepareAsync(invocation);
            return preparing.IsCompletedSuccessfully ? call(invocation) : PrepareAndCallAsync(preparing, invocation);
        }
        catch (Exception exception)
        {
            // Middleware may expect a task in any case, as the real worker gives it.
            return Task.FromException(exception);
        }
    }

    private async Task PrepareAndCallAsync(ValueTask preparing, HostFunctionContext context)
    {
        await preparing;
        await call(context);
    }
}
