using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host;

/// <summary>
/// Fires one timer, in one host among all that share the storage: whoever holds the lease on the timer's lock. It does what the real
/// TimerListener does: the occurrence after a run is the first after its start, so that one that passed meanwhile comes at once and
/// once; the status is written after the run, so that one that a crash cut short is made up for.
/// </summary>
internal sealed partial class TimerListener : IFunctionListener
{
    // How soon another host takes over after the lease of a dead one has ended, and how soon storage is asked again after an error.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    // Long waits are cut, because the timers of a machine stand still while it sleeps, and the clock does not.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly HostFunction function;
    private readonly TimerTriggerAttribute trigger;
    private readonly IFunctionDispatcher dispatcher;
    private readonly TimerSchedule schedule;
    private readonly HostStorage storage;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly TimerStatusStore? store;
    private readonly BlobClient lockBlob;
    private readonly string leaseId = Guid.NewGuid().ToString();
    private readonly CancellationToken hostStopping;
    private readonly CancellationTokenSource stopping;

    private TimerStatus? lastRun;
    private bool hasStarted;
    private Task running = Task.CompletedTask;

    public TimerListener(
        HostFunction function,
        IFunctionDispatcher dispatcher,
        TimerSchedule schedule,
        HostStorage storage,
        TimeProvider clock,
        IHostApplicationLifetime lifetime,
        ILogger logger)
    {
        (this.function, this.dispatcher, this.schedule) = (function, dispatcher, schedule);
        (this.storage, this.clock, this.logger) = (storage, clock, logger);
        trigger = (TimerTriggerAttribute)function.Trigger;
        store = trigger.UseMonitor && !schedule.IsSubMinute ? new TimerStatusStore(storage, function) : null;
        lockBlob = storage.Container.GetBlobClient($"locks/{storage.HostId}/{HostStorage.FullName(function)}.Listener");
        hostStopping = lifetime.ApplicationStopping;
        stopping = CancellationTokenSource.CreateLinkedTokenSource(hostStopping);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogSchedule();
        running = RunAsync(stopping.Token);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await running.WaitAsync(cancellationToken);
    }

    private async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var lease = await TryAcquireLockAsync(stop);
                if (lease is not null)
                    await FollowScheduleAsync(lease, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested || hostStopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Storage, most likely. A timer must outlive whatever happens to it.
                LogInterrupted(error, function.Name);
            }

            await Task.Delay(RetryInterval, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<HeldLease?> TryAcquireLockAsync(CancellationToken stop)
    {
        try
        {
            var options = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await storage.InContainerAsync(() => lockBlob.UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), options, stop), stop);
        }
        catch (RequestFailedException error) when (error.Status is 409 or 412)
        {
            // It is there already.
        }

        return await HeldLease.TryAcquireAsync(lockBlob, clock, leaseId, unchangedSince: null, stop);
    }

    private async Task FollowScheduleAsync(HeldLease lease, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, lease.Lost);
        var status = await ResumeAsync(either.Token);
        if (store is not null && clock.GetUtcNow() > status.Next)
        {
            LogPastDue(function.Name);
            status = await FireAsync(lease, status, isPastDue: true, due: default, either.Token);
        }
        else if (trigger.RunOnStartup && !hasStarted)
        {
            LogRunOnStartup(function.Name);
            status = await FireAsync(lease, status, isPastDue: false, due: default, either.Token);
        }

        hasStarted = true;
        for (; ; )
        {
            await WaitUntilAsync(status.Next, either.Token);
            if (!await lease.EnsureHeldAsync(stop))
            {
                LogLockLost(function.Name);
                return;
            }

            status = await FireAsync(lease, status, isPastDue: false, due: status.Next, either.Token);
        }
    }

    // Where the schedule was left, if it is still the same schedule.
    private async Task<TimerStatus> ResumeAsync(CancellationToken stop)
    {
        var now = clock.GetUtcNow();
        var kept = store is null ? null : await store.ReadAsync(stop);
        if (store is not null && lastRun is not null && !(kept?.Last >= lastRun.Last))
            kept = lastRun;
        var since = kept is null ? now : kept.Last != default ? kept.Last : kept.LastUpdated;
        var next = NextAfter(since);
        if (kept is not null && kept.Next == next)
            return kept;

        // A schedule that is new, or another than before, has missed nothing yet.
        var from = next < now ? now : since;
        var status = new TimerStatus(Last: default, NextAfter(from), from);
        if (store is not null)
            await store.WriteAsync(status, stop);
        return status;
    }

    private async Task<TimerStatus> FireAsync(
        HeldLease lease, TimerStatus status, bool isPastDue, DateTimeOffset due, CancellationToken stop)
    {
        var started = clock.GetUtcNow();
        var timer = new TimerInfo { IsPastDue = isPastDue, ScheduleStatus = store is null ? null : status.ToScheduleStatus() };
        var bindingData = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["TimerTrigger"] = $"{started:O}" };
        try
        {
            await dispatcher.InvokeAsync(function, new Invocation(timer, $"Timer fired at {started:O}", bindingData), stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested || hostStopping.IsCancellationRequested)
        {
            // Cut short: the status stays as it was, and the run is made up for. (The host's stop reaches the function on more than
            // one way, and may do so before it reaches this.)
            throw;
        }
        catch (Exception)
        {
            // The dispatcher has logged it, and a timer is not tried again: it comes again.
        }

        // A clock that was put back in between must not find the same occurrence a second time.
        var last = started > due ? started : due;
        lastRun = new TimerStatus(last, NextAfter(last), last);
        await KeepAsync(lastRun, lease.Lost);
        return lastRun;
    }

    // The run has been, whether this can be written or not, so the schedule goes on; and also when the host is being stopped.
    private async Task KeepAsync(TimerStatus status, CancellationToken lost)
    {
        try
        {
            if (store is not null)
                await store.WriteAsync(status, lost);
        }
        catch (Exception error) when (error is RequestFailedException or AggregateException)
        {
            LogNotKept(error, function.Name);
        }
    }

    private DateTimeOffset NextAfter(DateTimeOffset moment) =>
        schedule.NextAfter(moment) ?? DateTimeOffset.MaxValue;

    private async Task WaitUntilAsync(DateTimeOffset moment, CancellationToken stop)
    {
        for (; ; )
        {
            stop.ThrowIfCancellationRequested();
            var left = moment - clock.GetUtcNow();
            if (left <= TimeSpan.Zero)
                return;
            await Task.Delay(left < LongestWait ? left : LongestWait, clock, stop);
        }
    }
}
