using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Host.Functions;
using Larder.Host.Invocation;
using Larder.Host.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Timers;

/// <summary>
/// Fires one timer, in one host among all that share the storage: the one that holds the lease on the timer's lock. It does what the
/// Functions host's TimerListener does: the occurrence after a run is the first after its start, so that occurrences which passed
/// meanwhile cause one run, at once; the status is written after the run, so that a run which a crash cut short is made up for.
/// </summary>
internal sealed partial class TimerListener : IFunctionListener
{
    // How soon another host takes over once the lease of a host that crashed has expired, and how soon storage is asked again after an error.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    // Long waits are cut, because the timers of a machine stand still while it sleeps, and the clock does not.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    // More than clocks are put right by.
    private static readonly TimeSpan ClockAdjustment = TimeSpan.FromMinutes(1);

    private readonly HostFunction _function;
    private readonly TimerTriggerAttribute _trigger;
    private readonly FunctionDispatcher _dispatcher;
    private readonly TimerSchedule _schedule;
    private readonly HostStorage _storage;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly TimerStatusStore? _store;
    private readonly BlobClient _lockBlob;
    private readonly string _leaseId = Guid.NewGuid().ToString();
    private readonly CancellationToken _hostStopping;
    private readonly CancellationTokenSource _stopping;

    private TimerStatus? _lastRun;
    private bool _hasStarted;
    private Task _running = Task.CompletedTask;

    public TimerListener(
        HostFunction function,
        FunctionDispatcher dispatcher,
        TimerSchedule schedule,
        HostStorage storage,
        TimeProvider clock,
        IHostApplicationLifetime lifetime,
        ILogger logger)
    {
        (_function, _dispatcher, _schedule) = (function, dispatcher, schedule);
        (_storage, _clock, _logger) = (storage, clock, logger);
        _trigger = (TimerTriggerAttribute)function.Trigger;
        _store = _trigger.UseMonitor && !schedule.IsSubMinute ? new TimerStatusStore(storage, function) : null;
        _lockBlob = storage.Container.GetBlobClient($"locks/{storage.HostId}/{HostStorage.FullName(function)}.Listener");
        _hostStopping = lifetime.ApplicationStopping;
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(_hostStopping);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogSchedule();
        _running = RunAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(cancellationToken);
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
            catch (OperationCanceledException) when (stop.IsCancellationRequested || _hostStopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Storage, most likely. The timer goes on when it answers again.
                LogInterrupted(error, _function.Name);
            }

            await Task.Delay(RetryInterval, _clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<HeldLease?> TryAcquireLockAsync(CancellationToken stop)
    {
        try
        {
            var options = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await _storage.InContainerAsync(() => _lockBlob.UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), options, stop), stop);
        }
        catch (RequestFailedException error) when (error.Status is 409 or 412)
        {
            // It is there already.
        }

        return await HeldLease.TryAcquireAsync(_lockBlob, _clock, _leaseId, unchangedSince: null, stop);
    }

    private async Task FollowScheduleAsync(HeldLease lease, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, lease.Lost);
        var status = await ResumeAsync(either.Token);
        if (_store is not null && _clock.GetUtcNow() > status.Next)
        {
            LogPastDue(_function.Name);
            status = await FireAsync(lease, status, isPastDue: true, occurrence: default, either.Token);
        }
        else if (_trigger.RunOnStartup && !_hasStarted)
        {
            LogRunOnStartup(_function.Name);
            status = await FireAsync(lease, status, isPastDue: false, occurrence: default, either.Token);
        }

        _hasStarted = true;
        for (; ; )
        {
            await WaitUntilAsync(status.Next, either.Token);
            if (!await lease.EnsureHeldAsync(stop))
            {
                LogLockLost(_function.Name);
                return;
            }

            status = await FireAsync(lease, status, isPastDue: false, occurrence: status.Next, either.Token);
        }
    }

    // Where the schedule was left, if it is still the same schedule.
    private async Task<TimerStatus> ResumeAsync(CancellationToken stop)
    {
        var now = _clock.GetUtcNow();
        var kept = _store is null ? null : await _store.ReadAsync(stop);
        if (kept?.Last - now > ClockAdjustment)
            kept = null;
        if (_store is not null && _lastRun is not null && !(kept?.Last >= _lastRun.Last))
            kept = _lastRun;
        var since = kept is null ? now : kept.Last != default ? kept.Last : kept.LastUpdated;
        var next = NextAfter(since);
        if (kept is not null && kept.Next == next)
            return kept;

        // A schedule that is new, or another than before, has missed nothing yet.
        var from = next < now ? now : since;
        var status = new TimerStatus(Last: default, NextAfter(from), from);
        if (_store is not null)
            await _store.WriteAsync(status, stop);
        return status;
    }

    private async Task<TimerStatus> FireAsync(
        HeldLease lease, TimerStatus status, bool isPastDue, DateTimeOffset occurrence, CancellationToken stop)
    {
        var started = _clock.GetUtcNow();
        var timer = new TimerInfo { IsPastDue = isPastDue, ScheduleStatus = _store is null ? null : status.ToScheduleStatus() };
        var bindingData = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["TimerTrigger"] = $"{started:O}" };
        try
        {
            await _dispatcher.InvokeAsync(_function, new TriggerInvocation(timer, $"Timer fired at {started:O}", bindingData), stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested || _hostStopping.IsCancellationRequested)
        {
            // Cut short: the status stays as it was, and the run is made up for. (The host's stop reaches the function on more than
            // one way, and may do so before it reaches this.)
            throw;
        }
        catch (Exception)
        {
            // The dispatcher has logged it. A timer's run is not tried again: the next occurrence comes.
        }

        // A clock that is put right by a little must not find the same occurrence a second time. One that was set back by more is followed: the timer
        // would wait until it has caught up.
        var last = started > occurrence || occurrence - started > ClockAdjustment ? started : occurrence;
        _lastRun = new TimerStatus(last, NextAfter(last), last);
        await KeepAsync(_lastRun, lease.Lost);
        return _lastRun;
    }

    // The run has been, whether this can be written or not, so the schedule goes on; and also when the host is being stopped.
    private async Task KeepAsync(TimerStatus status, CancellationToken lost)
    {
        try
        {
            if (_store is not null)
                await _store.WriteAsync(status, lost);
        }
        catch (Exception error) when (error is RequestFailedException or AggregateException)
        {
            LogNotKept(error, _function.Name);
        }
    }

    private DateTimeOffset NextAfter(DateTimeOffset moment) =>
        _schedule.NextAfter(moment) ?? DateTimeOffset.MaxValue;

    private async Task WaitUntilAsync(DateTimeOffset moment, CancellationToken stop)
    {
        for (var seen = DateTimeOffset.MinValue; ;)
        {
            stop.ThrowIfCancellationRequested();
            var now = _clock.GetUtcNow();
            // A clock that was set back does not make it wait for longer.
            if (seen - now > ClockAdjustment)
                moment -= seen - now;
            seen = now;
            var left = moment - now;
            if (left <= TimeSpan.Zero)
                return;
            await Task.Delay(left < LongestWait ? left : LongestWait, _clock, stop);
        }
    }

    private const int OccurrencesShown = 5;

    private void LogSchedule()
    {
        var next = NextAfter(_clock.GetUtcNow());
        if (next == DateTimeOffset.MaxValue)
        {
            LogNever(_function.Name, _schedule);
            return;
        }

        // The Functions host logs them as information; at the start of a server they would be most of its lines.
        if (!_logger.IsEnabled(LogLevel.Debug))
            return;
        var occurrences = new List<string>();
        for (; next != DateTimeOffset.MaxValue && occurrences.Count < OccurrencesShown; next = NextAfter(next))
            occurrences.Add(next.ToString("yyyy-MM-dd HH:mm:sszzz", CultureInfo.InvariantCulture));
        LogOccurrences(occurrences.Count, _function.Name, _schedule, Environment.NewLine + string.Join(Environment.NewLine, occurrences));
    }

    [LoggerMessage(1, LogLevel.Debug, "The next {Count} occurrences of the '{Function}' schedule ({Schedule}) will be:{Occurrences}")]
    private partial void LogOccurrences(int count, string function, object schedule, string occurrences);

    [LoggerMessage(2, LogLevel.Warning, "The '{Function}' schedule ({Schedule}) never occurs: no month that it names has a day that it names.")]
    private partial void LogNever(string function, object schedule);

    [LoggerMessage(3, LogLevel.Information, "Function '{Function}' is past due on startup. Executing now.")]
    private partial void LogPastDue(string function);

    [LoggerMessage(4, LogLevel.Information, "Function '{Function}' is configured to run on startup. Executing now.")]
    private partial void LogRunOnStartup(string function);

    [LoggerMessage(5, LogLevel.Warning, "The timer of '{Function}' was interrupted, and goes on soon.")]
    private partial void LogInterrupted(Exception error, string function);

    [LoggerMessage(6, LogLevel.Warning, "Function '{Function}' has run, but its timer's status could not be written: after a restart it may run again.")]
    private partial void LogNotKept(Exception error, string function);

    [LoggerMessage(7, LogLevel.Warning, "The timer of '{Function}' has lost its lock, and asks for it again soon.")]
    private partial void LogLockLost(string function);
}
