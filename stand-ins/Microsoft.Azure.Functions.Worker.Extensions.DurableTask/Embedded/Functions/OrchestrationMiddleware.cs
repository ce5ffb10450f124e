using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Lets an orchestrator function, with all middleware of the application's, run under the orchestration's own scheduler.</summary>
internal sealed class OrchestrationMiddleware : IFunctionsWorkerMiddleware
{
    /// <inheritdoc/>
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next) =>
        ((EmbeddedFunctionContext)context).TriggerData is OrchestrationTurn turn ? turn.PlayAsync(context, next) : next(context);
}
