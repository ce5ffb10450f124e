using Larder.Host.Functions;
using Larder.Host.Http;
using Larder.Host.Invocation;
using Microsoft.Extensions.Hosting;

namespace Larder.Host.Hosting;

/// <summary>Starts and stops what fires the functions that no web request fires.</summary>
internal sealed class FunctionListenerService(FunctionCatalog catalog, FunctionDispatcher dispatcher, HttpThrottle requests) : IHostedLifecycleService
{
    // A request that the start is for is routed and let in within the first; the second is for a server that gets requests without end.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(1);

    private readonly List<IFunctionListener> _listeners = [];
    private Task _stopping = Task.CompletedTask;

    /// <summary>
    /// Starts the listeners once the web server listens: a host that cannot have its port must not have run functions. The first requests come first: the task hub and the other
    /// listeners take the processors from them while they start.
    /// </summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        await requests.WaitUntilQuietAsync(Quiet, MostWait, cancellationToken);
        foreach (var function in catalog.Functions)
            if (function.Binding.CreateListener(dispatcher) is { } listener)
            {
                await listener.StartAsync(cancellationToken);
                _listeners.Add(listener);
            }
    }

    /// <summary>Begins to stop the listeners while the web server still answers its last requests.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopping = Task.WhenAll(_listeners.Select(listener => listener.StopAsync(cancellationToken)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stopping;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
