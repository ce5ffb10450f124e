using Larder.Functions.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Larder.Functions.OpenApi;

/// <summary>Refuses query parameters that a function does not declare (<see cref="QueryAttribute"/>), so that what is documented is what is taken.</summary>
internal sealed class QueryMiddleware(RouteTable routes) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc />
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        // Most requests, and every warm prediction, have none.
        if (context.GetHttpContext() is { Request: { QueryString.HasValue: true } request } && routes.QueryOf(context.FunctionDefinition.Name) is { } names)
            QueryParameters.RequireKnown(request, names);
        return next(context);
    }
}
