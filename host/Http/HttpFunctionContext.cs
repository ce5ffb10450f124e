using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Invocation;
using Microsoft.AspNetCore.Http;

namespace Larder.Host.Http;

/// <summary>An invocation by a request. Its scope is the request's.</summary>
internal sealed class HttpFunctionContext(HostFunction function, FunctionHost host, HttpContext httpContext) : HostFunctionContext(function, host)
{
    private RequestCancellation? _cancellation;

    public HttpContext HttpContext { get; } = httpContext;

    public override object? TriggerData => null;

    /// <summary>The Functions host's reason for every HTTP invocation.</summary>
    public override string Reason => "This function was programmatically called via the host APIs.";

    /// <summary>Signalled when the client has gone, the function's time is over, or the host has waited long enough for its last requests.</summary>
    public override CancellationToken CancellationToken => (_cancellation ??= Host.Cancellations.Begin(HttpContext.RequestAborted)).Token;

    public override IServiceProvider ScopedServices => HttpContext.RequestServices;

    /// <summary>Ends the invocation. What is the request's own ends with the request.</summary>
    public void End()
    {
        if (_cancellation is not null)
            Host.Cancellations.End(_cancellation);
    }

    protected override IDictionary<object, object> CreateItems() => new HttpItems(HttpContext);

    protected override HostRetryContext GetRetries() => new(0, 0);

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
}
