using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Invocation;
using Microsoft.AspNetCore.Http;

namespace Larder.Host.Http;

/// <summary>An invocation by a request. Its scope is the request's.</summary>
internal sealed class HttpFunctionContext(HostFunction function, FunctionHost host, HttpContext httpContext) : HostFunctionContext(function, host)
{
    private static readonly Action<object?> Signal = static source => ((CancellationTokenSource)source!).Cancel();

    private CancellationTokenSource? _cancellation;
    private CancellationTokenRegistration _aborted;
    private CancellationTokenRegistration _stopping;

    public HttpContext HttpContext { get; } = httpContext;

    /// <summary>Signalled when the client has gone, the function's time is over, or the host has waited long enough for its last requests.</summary>
    public override CancellationToken CancellationToken => (_cancellation ??= CreateCancellation()).Token;

    public override IServiceProvider ScopedServices => HttpContext.RequestServices;

    /// <summary>Ends the invocation. What is the request's own ends with the request.</summary>
    public void End()
    {
        if (_cancellation is null)
            return;
        // Dispose waits for a signal under way, which could otherwise reach the next request that has the source.
        _aborted.Dispose();
        _stopping.Dispose();
        Host.Cancellations.Return(_cancellation);
    }

    protected override IDictionary<object, object> CreateItems() => new HttpItems(HttpContext);

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
        var cancellation = Host.Cancellations.Get();
        _aborted = HttpContext.RequestAborted.UnsafeRegister(Signal, cancellation);
        _stopping = Host.RequestsStopping.UnsafeRegister(Signal, cancellation);
        if (Host.FunctionTimeout is { } timeout)
            cancellation.CancelAfter(timeout);
        return cancellation;
    }
}
