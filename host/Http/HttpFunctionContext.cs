using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Invocation;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.ObjectPool;

namespace Larder.Host.Http;

/// <summary>
/// The contexts of requests. One serves a request after another, as ASP.NET Core's own does: with its items, its token and the token's timer, a new one for each request would be some 450 bytes.
/// </summary>
internal sealed class HttpFunctionContexts(FunctionHost host)
{
    // As many requests are often in flight at a time.
    private const int MostIdle = 256;

    private readonly ObjectPool<HttpFunctionContext> _idle = new DefaultObjectPoolProvider { MaximumRetained = MostIdle }.Create(new Policy(host));

    /// <summary>The context of a request, until it is given to <see cref="End"/>.</summary>
    public HttpFunctionContext Begin(HostFunction function, HttpContext http)
    {
        var context = _idle.Get();
        context.Begin(function, http);
        return context;
    }

    /// <summary>Takes it back. Nothing of it may be used any more.</summary>
    public void End(HttpFunctionContext context) => _idle.Return(context);

    private sealed class Policy(FunctionHost host) : PooledObjectPolicy<HttpFunctionContext>
    {
        public override HttpFunctionContext Create() => new(host);

        public override bool Return(HttpFunctionContext context)
        {
            context.End();
            return true;
        }
    }
}

/// <summary>An invocation by a request. Its scope is the request's.</summary>
internal sealed class HttpFunctionContext : HostFunctionContext, IDisposable
{
    private readonly HttpItems _items;
    private RequestCancellation _cancellation;
    private HostFunction? _function;
    private HttpContext? _http;
    private bool _canBeCancelled;

    public HttpFunctionContext(FunctionHost host)
        : base(host) => (_items, _cancellation) = (new HttpItems(this), new RequestCancellation(host.RequestsStopping));

    public override HostFunction Function => _function ?? throw Ended();

    public HttpContext HttpContext => _http ?? throw Ended();

    public override object? TriggerData => null;

    /// <summary>The Functions host's reason for every HTTP invocation.</summary>
    public override string Reason => "This function was programmatically called via the host APIs.";

    /// <summary>Signalled when the client has gone, the function's time is over, or the host has waited long enough for its last requests.</summary>
    public override CancellationToken CancellationToken
    {
        get
        {
            if (!_canBeCancelled)
            {
                _cancellation.Begin(Host.FunctionTimeout, HttpContext.RequestAborted);
                _canBeCancelled = true;
            }

            return _cancellation.Token;
        }
    }

    public override IServiceProvider ScopedServices => HttpContext.RequestServices;

    /// <summary>Begins an invocation.</summary>
    public void Begin(HostFunction function, HttpContext http) => (_function, _http) = (function, http);

    /// <summary>Ends the invocation. What is the request's own ends with the request.</summary>
    public void End()
    {
        // One that was signalled cannot be used again.
        if (_canBeCancelled && !_cancellation.TryEnd())
            _cancellation = new(Host.RequestsStopping);
        _canBeCancelled = false;
        _items.Reset();
        (_function, _http) = (null, null);
        Reset();
    }

    public void Dispose() => _cancellation.Dispose();

    protected override IDictionary<object, object> CreateItems() => _items;

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

    private static ObjectDisposedException Ended() => new(nameof(FunctionContext), "The request has ended, and its context with it: what goes on must take what it needs of it before.");
}
