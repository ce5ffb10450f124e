using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// One turn of an orchestrator function: an invocation. The function's own task is not the invocation's: it goes on from turn to turn, or is left
/// when the turn is over.
/// </summary>
/// <param name="run">The code.</param>
/// <param name="history">What it must run through first, if it has not begun yet.</param>
/// <param name="time">The time (UTC) of the turn.</param>
/// <param name="arrivals">What has happened.</param>
/// <param name="isKept">Whether the code will be needed after the turn.</param>
internal sealed class OrchestrationTurn(
    OrchestrationRun run, IReadOnlyList<Episode> history, DateTime time, IReadOnlyList<Arrival> arrivals, bool isKept)
{
    /// <summary>Which orchestration.</summary>
    public OrchestrationIdentity Identity => run.Identity;

    /// <summary>What the function's parameter gets.</summary>
    public TaskOrchestrationContext Context => run.Context;

    /// <summary>What the function's parameter for the input gets.</summary>
    public T? GetInput<T>() => run.Context.GetInput<T>();

    /// <summary>What the turn has given; null when it has not come to run.</summary>
    public TurnResult? Result { get; private set; }

    /// <summary>Runs the turn.</summary>
    /// <param name="context">The invocation.</param>
    /// <param name="next">The function, and the middleware before it.</param>
    /// <returns>Fails if the orchestration has, so that the log shows it.</returns>
    public Task PlayAsync(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (!run.HasBegun)
        {
            if (isKept)
            {
                // The invocation's own scope would end with the turn.
                var scope = ((EmbeddedFunctionContext)context).RootServices.CreateAsyncScope();
                context.InstanceServices = scope.ServiceProvider;
                run.Services = scope;
            }

            if (run.Replay(() => CallAsync(context, next), history) is { } error)
                Result = new TurnResult(TurnKind.Failed, []) { Error = error };
        }

        Result ??= run.Advance(time, arrivals);
        return Result.Error is null ? Task.CompletedTask : Task.FromException(Result.Error);
    }

    private static async Task<object?> CallAsync(FunctionContext context, FunctionExecutionDelegate next)
    {
        await next(context);
        return ((EmbeddedFunctionContext)context).ResultValue;
    }
}
