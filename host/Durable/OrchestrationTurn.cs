using DurableTask.Core;
using Larder.Host.Invocation;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.DurableTask;

namespace Larder.Host.Durable;

/// <summary>
/// One turn of an orchestrator function: an invocation. The function's own task is not the invocation's: it is left when the turn is over, and the next turn
/// runs the code from its beginning.
/// </summary>
/// <param name="orchestration">The code.</param>
/// <param name="state">Its history.</param>
/// <param name="run">Lets the engine run the code, up to where it must wait.</param>
internal sealed class OrchestrationTurn(HostOrchestration orchestration, OrchestrationRuntimeState state, Func<Task> run)
{
    private OrchestratorContext? _context;

    /// <summary>What the function's parameter gets.</summary>
    public TaskOrchestrationContext Context => _context!;

    /// <summary>Whether the engine has run the turn.</summary>
    public bool HasRun { get; private set; }

    /// <summary>What the function's parameter for the input gets.</summary>
    public T? GetInput<T>() => Context.GetInput<T>();

    /// <summary>Runs the turn.</summary>
    /// <param name="invocation">The invocation.</param>
    /// <param name="function">The function, and the middleware before it: they run inside the orchestration, as in the real worker.</param>
    /// <returns>Fails if the orchestrator has, so that the log shows it.</returns>
    public async Task PlayAsync(FunctionContext invocation, FunctionExecutionDelegate function)
    {
        if (state.ParentInstance is { } parent)
            orchestration.Parent = new ParentOrchestrationInstance(parent.Name, parent.OrchestrationInstance.InstanceId);
        orchestration.Function = async context =>
        {
            _context = context;
            await function(invocation);
            return ((HostFunctionContext)invocation).ResultValue;
        };
        await run();
        HasRun = true;
        if (orchestration.Running is { IsFaulted: true } failed)
            await failed;
    }
}
