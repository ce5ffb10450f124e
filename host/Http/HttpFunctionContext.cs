using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Invocation;
using Microsoft.AspNetCore.Http;

namespace Larder.Host.Http;

/// <summary>An invocation by a request. Its scope is the request's.</summary>
internal sealed class HttpFunctionContext(HostFunction function, FunctionHost host, HttpContext httpContext) : HostFunctionContext(function, host)
{
    // Where the worker's GetHttpContext() looks.
    private const string HttpContextKey = "HttpRequestContext";

    private CancellationTokenSource? _cancellation;

    public HttpContext HttpContext { get; } = httpContext;

    /// <summary>Signalled when the client has gone, the function's time is over, or the host has waited long enough for its last requests.</summary>
    public override CancellationToken CancellationToken => (_cancellation ??= CreateCancellation()).Token;

    public override IServiceProvider ScopedServices => HttpContext.RequestServices;

    /// <summary>Ends the invocation. What is the request's own ends with the request.</summary>
    public void End() => _cancellation?.Dispose();

    protected override IDictionary<object, object> CreateItems() => new Dictionary<object, object> { [HttpContextKey] = HttpContext };

    protected override TraceContext IncomingTrace() =>
        new HostTraceContext(HttpContext.Request.Headers.TraceParent, HttpContext.Request.Headers.TraceState);

    protected override IReadOnlyDictionary<string, object?> GetBindingData()
    {
        var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in HttpContext.Request.Query)
            data[name] = value.ToString();
        foreach (var (name, value) in HttpContext.Request.RouteValues)
            data[name] = value;
        return data;
    }

    private CancellationTokenSource CreateCancellation()
    {
        var cancellation = CancellationTokenSource.CreateLinkedTokenSource(HttpContext.RequestAborted, Host.RequestsStopping);
        if (Host.FunctionTimeout is { } timeout)
            cancellation.CancelAfter(timeout);
        return cancellation;
    }
}
