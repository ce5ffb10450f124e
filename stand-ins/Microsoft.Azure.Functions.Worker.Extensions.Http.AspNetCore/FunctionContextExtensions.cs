using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker.Embedded;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>The request, from an invocation.</summary>
public static class FunctionContextExtensions
{
    /// <summary>The request that triggered the function; null when no request did.</summary>
    public static HttpContext? GetHttpContext(this FunctionContext context) => (context as HttpFunctionContext)?.HttpContext;
}
