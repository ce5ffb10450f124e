namespace Microsoft.Azure.Functions.Worker.Middleware;

/// <summary>What remains of the pipeline, down to the function itself.</summary>
public delegate Task FunctionExecutionDelegate(FunctionContext context);
