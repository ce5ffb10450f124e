using Larder.Functions.Hosting;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.Processes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Training;

/// <summary>Keeps the leases of the attempts that this machine runs in processes of its own, from the start of the server on.</summary>
internal sealed partial class RenewComputeLeases(IComputeBackend backend, TimeProvider time, ILogger<RenewComputeLeases> logger) : BackgroundService
{
    // Also the delay until this server handles a request of another server, such as a cancel.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (backend is not LeasedProcessCompute leased)
            return;
        await BackgroundStart.WaitAsync(time, stoppingToken);
        leased.CheckSandbox();
        for (; ; await Task.Delay(Pause, time, stoppingToken))
        {
            try
            {
                await leased.RenewAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The leases of local jobs could not be renewed; the server retries.")]
    private partial void LogFailed(Exception exception);
}
