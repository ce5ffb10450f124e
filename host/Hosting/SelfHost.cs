using System.Runtime.InteropServices;
using Larder.Host.Emulator;
using Larder.Host.Functions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Hosting;

/// <summary>The application, with what must be there before it starts and go after it has stopped.</summary>
internal sealed partial class SelfHost(WebApplication app, StorageEmulator? storage, SelfHostOptions options, HostPhase phase, bool hasGrpc) : IHost, IAsyncDisposable
{
    public IServiceProvider Services => app.Services;

    /// <summary>Starts storage, then the application; says what it serves and where.</summary>
    /// <exception cref="SelfHostException">Something keeps it from starting.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            if (storage is not null)
                await storage.StartAsync(cancellationToken);
            await app.StartAsync(cancellationToken);
            phase.Started = true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            await StopWhatStartedAsync();
            throw StartupErrors.From(exception);
        }

        var ready = new ReadyLines(options.Output, Services.GetRequiredService<FunctionCatalog>(), app.Urls, hasGrpc);
        if (options.HelpPath is { } help)
            ready.PrintSummary(help, storage?.Data);
        else
            ready.PrintFunctions();
    }

    /// <summary>
    /// Goes on for <see cref="FunctionHost.DrainDelay"/>, stops to accept, lets requests and invocations finish (the host's shutdown timeout, 30 s, is the limit), then stops storage. Another Ctrl-C ends
    /// the wait.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        using var stopNow = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var again = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => stopNow.Cancel());
        try
        {
            if (phase.Started)
                await DrainAsync(stopNow.Token);
            await app.StopAsync(stopNow.Token);
        }
        finally
        {
            await StopStorageAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await StopStorageAsync();
    }

    public void Dispose()
    {
        ((IDisposable)app).Dispose();
        storage?.Dispose();
    }

    // The application says that it is not ready from the moment at which it is asked to stop.
    private async Task DrainAsync(CancellationToken stopNow)
    {
        var delay = Services.GetRequiredService<FunctionHost>().DrainDelay;
        if (delay == TimeSpan.Zero)
            return;
        Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        LogDrain(Services.GetRequiredService<ILoggerFactory>().CreateLogger("Host.Stop"), delay);
        try
        {
            await Task.Delay(delay, Services.GetRequiredService<TimeProvider>(), stopNow);
        }
        catch (OperationCanceledException)
        {
            // The second Ctrl-C, or the end of the time that the caller gives.
        }
    }

    private async Task StopWhatStartedAsync()
    {
        try
        {
            await app.StopAsync(CancellationToken.None);
        }
        catch (Exception)
        {
            // What kept the host from starting may keep its parts from stopping; it is the first that counts.
        }

        await StopStorageAsync();
    }

    [LoggerMessage(1, LogLevel.Information, "The host is to stop, and is not ready any more. Requests are still taken for {Delay}.")]
    private static partial void LogDrain(ILogger logger, TimeSpan delay);

    private Task StopStorageAsync() => storage?.StopAsync() ?? Task.CompletedTask;
}
