namespace Microsoft.Azure.Functions.Worker.Middleware;

/// <summary>Something that every invocation passes on its way to the function and back.</summary>
public interface IFunctionsWorkerMiddleware
{
    /// <summary>Runs for one invocation.</summary>
    /// <param name="context">The invocation.</param>
    /// <param name="next">The rest of the pipeline; not calling it skips the function.</param>
    Task Invoke(FunctionContext context, FunctionExecutionDelegate next);
}
