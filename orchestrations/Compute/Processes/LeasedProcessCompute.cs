using System.Globalization;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Microsoft.Extensions.Logging;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary>
/// <see cref="ProcessCompute"/> for servers that share their storage, each with processes of its own machine. An attempt belongs to the machine that
/// started it, by a lease in storage. The server there renews it, and also does what others ask of it through the lease; every other server waits.
/// A lease that runs out makes its attempt a lost one, so that the job's next attempt can begin, anywhere; the machine that comes back later kills it.
/// </summary>
public sealed partial class LeasedProcessCompute : IComputeBackend, IDisposable
{
    private static readonly TimeSpan DeletePoll = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan DeleteWait = TimeSpan.FromSeconds(5);

    private readonly ProcessCompute _processes;
    private readonly JobFiles _files;
    private readonly AttemptLeases _leases;
    private readonly TimeSpan _ttl;
    private readonly TimeProvider _time;
    private readonly ILogger<LeasedProcessCompute> _logger;
    private readonly Lazy<string> _machine;

    /// <summary>Makes a backend over the processes of a machine. It owns them.</summary>
    public LeasedProcessCompute(
        ProcessCompute processes, JobFiles files, ProcessComputeOptions options, TimeProvider time, ILogger<LeasedProcessCompute> logger)
    {
        _processes = processes;
        _files = files;
        _ttl = options.LeaseTtl;
        _leases = new AttemptLeases(files, _ttl, time);
        _time = time;
        _logger = logger;
        _machine = new Lazy<string>(() => MachineId.Of(options.Folder));
    }

    /// <inheritdoc/>
    public string Name => _processes.Name;

    /// <inheritdoc/>
    public void Validate(ComputeResources resources) => _processes.Validate(resources);

    /// <inheritdoc/>
    public async Task<bool> StartAsync(ComputeTask task, CancellationToken cancellationToken)
    {
        var id = task.Id;
        while (true)
        {
            if (await _leases.ReadAsync(id, cancellationToken) is not var (lease, etag))
            {
                if (!_processes.HasRoom(id))
                    return false;
                if (await _leases.TryCreateAsync(id, Lease(AttemptStage.Starting), cancellationToken))
                    return await LaunchAsync(task, cancellationToken);
            }
            else if (lease.Stage != AttemptStage.Starting)
            {
                return true;
            }
            else if (IsMine(lease))
            {
                return await LaunchAsync(task, cancellationToken);
            }
            else if (!_leases.HasRunOut(id, lease, etag))
            {
                // It starts on another machine, or does not: that will be known when this is asked again.
                return false;
            }
            else if (await _leases.TryReplaceAsync(id, Lost(id, lease), etag, cancellationToken))
            {
                throw new ComputeFailedException(LostReason(lease));
            }
        }
    }

    /// <inheritdoc/>
    public async Task<ComputeStatus> GetStatusAsync(ComputeId id, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Without a lease it was never started, or by a release that had none.
            if (await _leases.ReadAsync(id, cancellationToken) is not var (lease, etag))
                return await _processes.GetStatusAsync(id, cancellationToken);
            if (lease.Stage == AttemptStage.Deleted)
                return new ComputeStatus(ComputeState.Missing);
            if (lease.Stage == AttemptStage.Lost)
                return new ComputeStatus(ComputeState.Exited, Reason: LostReason(lease));
            if (IsMine(lease))
                return await _processes.GetStatusAsync(id, cancellationToken);
            if (lease.Exit is { } exit)
                return ProcessCompute.StatusOf(exit);
            if (!_leases.HasRunOut(id, lease, etag))
                return new ComputeStatus(lease.Stage == AttemptStage.Started ? ComputeState.Running : ComputeState.Pending);
            await _leases.TryReplaceAsync(id, Lost(id, lease), etag, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task<string> ReadOutputAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var output = await _processes.ReadOutputAsync(id, cancellationToken);
        return output.Length > 0 ? output : await BackendLog.ReadAsync(_files, id, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task StopAsync(ComputeId id, CancellationToken cancellationToken)
    {
        await _processes.StopAsync(id, cancellationToken);
        await _leases.ChangeAsync(id, (lease, _) => lease.IsOver || IsMine(lease) ? lease : lease with { StopRequested = true }, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(ComputeId id, CancellationToken cancellationToken)
    {
        await _processes.DeleteAsync(id, cancellationToken);
        for (var start = _time.GetTimestamp(); ; await Task.Delay(DeletePoll, _time, cancellationToken))
        {
            var lease = await _leases.ChangeAsync(id, (lease, etag) => Removed(id, lease, etag), cancellationToken);
            if (lease is null or { IsOver: true })
                return;
            if (_time.GetElapsedTime(start) >= DeleteWait)
                throw new IOException($"The server that runs attempt {id.Attempt} of job {id.Job} has not removed it yet.");
        }
    }

    /// <inheritdoc cref="ProcessCompute.CheckSandbox"/>
    public void CheckSandbox() => _processes.CheckSandbox();

    /// <summary>The tasks of this machine.</summary>
    public IAsyncEnumerable<ComputeId> ListAsync(CancellationToken cancellationToken) => _processes.ListAsync(cancellationToken);

    /// <summary>
    /// One round over the tasks of this machine: renews their leases, tells other servers how they ended, does what those ask for, and kills what is
    /// counted as lost. To be called every second.
    /// </summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        var tasks = new List<Task>();
        await foreach (var id in _processes.ListAsync(cancellationToken))
            tasks.Add(TryRenewAsync(id, cancellationToken));
        await Task.WhenAll(tasks);
    }

    /// <summary>Lets go of this backend, not of its tasks.</summary>
    public void Dispose() => _processes.Dispose();

    private async Task TryRenewAsync(ComputeId id, CancellationToken cancellationToken)
    {
        try
        {
            await RenewAsync(id, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRenewed(e, id.Job, id.Attempt);
        }
    }

    private async Task RenewAsync(ComputeId id, CancellationToken cancellationToken)
    {
        if (await _leases.ReadAsync(id, cancellationToken) is not var (lease, etag))
        {
            await AdoptAsync(id, cancellationToken);
        }
        else if (!IsMine(lease) || lease.IsOver)
        {
            LogKilled(id.Job, id.Attempt);
            await _processes.DeleteAsync(id, cancellationToken);
        }
        else if (lease.DeleteRequested)
        {
            await DeleteAsync(id, cancellationToken);
        }
        else
        {
            if (lease.StopRequested)
                await _processes.StopAsync(id, cancellationToken);
            var next = await SeenAsync(id, lease, cancellationToken);
            // More than all of it is left when this machine's clock was set back: then others, whose clocks go on, would see it run out.
            var left = next.Expires - _time.GetUtcNow();
            if (left <= _ttl * 0.75 || left > _ttl)
                next = next with { Expires = _time.GetUtcNow() + _ttl };
            if (next != lease)
                await _leases.TryReplaceAsync(id, next, etag, cancellationToken);
        }
    }

    /// <summary>Takes on a task that a release without leases started. When the job's files are gone, <c>JobReconciler</c> removes it.</summary>
    private async Task AdoptAsync(ComputeId id, CancellationToken cancellationToken)
    {
        if ((await _processes.GetStatusAsync(id, cancellationToken)).State == ComputeState.Missing)
            return;
        try
        {
            await _leases.TryCreateAsync(id, Lease(AttemptStage.Started), cancellationToken);
        }
        catch (NotFoundException)
        {
        }
    }

    private async Task<AttemptLease> SeenAsync(ComputeId id, AttemptLease lease, CancellationToken cancellationToken)
    {
        if (lease.Exit is not null)
            return lease;
        var status = await _processes.GetStatusAsync(id, cancellationToken);
        if (status.State == ComputeState.Missing)
            return lease;
        lease = lease with { Stage = AttemptStage.Started };
        if (status.State != ComputeState.Exited)
            return lease;
        // First the output: another server reads it when it sees the end.
        await BackendLog.KeepAsync(_processes, _files, id, cancellationToken);
        return lease with { Exit = new TaskExit(status.ExitCode, status.Reason, _time.GetUtcNow(), status.TimedOut) };
    }

    private async Task<bool> LaunchAsync(ComputeTask task, CancellationToken cancellationToken)
    {
        try
        {
            if (!await _processes.StartAsync(task, cancellationToken))
            {
                await _leases.DropAsync(task.Id, cancellationToken);
                return false;
            }
        }
        catch (ComputeFailedException)
        {
            await _leases.DropAsync(task.Id, cancellationToken);
            throw;
        }

        var lease = await _leases.ChangeAsync(
            task.Id,
            (lease, _) => IsMine(lease) && !lease.IsOver ? lease with { Stage = AttemptStage.Started, Expires = _time.GetUtcNow() + _ttl } : lease,
            cancellationToken);
        if (lease is null || !IsMine(lease) || lease.IsOver)
        {
            // Starting took so long that the attempt was given up.
            LogKilled(task.Id.Job, task.Id.Attempt);
            await _processes.DeleteAsync(task.Id, cancellationToken);
        }

        return true;
    }

    private AttemptLease Removed(ComputeId id, AttemptLease lease, string etag) =>
        lease.IsOver ? lease
        : IsMine(lease) ? lease with { Stage = AttemptStage.Deleted }
        : _leases.HasRunOut(id, lease, etag) ? Lost(id, lease)
        : lease.DeleteRequested ? lease
        : lease with { DeleteRequested = true };

    private AttemptLease Lease(AttemptStage stage) => new()
    {
        Machine = _machine.Value,
        Host = Environment.MachineName,
        Expires = _time.GetUtcNow() + _ttl,
        Stage = stage,
    };

    private AttemptLease Lost(ComputeId id, AttemptLease lease)
    {
        LogLost(id.Job, id.Attempt, lease.Host, lease.Expires);
        return lease with { Stage = AttemptStage.Lost };
    }

    private bool IsMine(AttemptLease lease) => lease.Machine == _machine.Value;

    private static string LostReason(AttemptLease lease) => lease.Machine.Length == 0
        ? "The attempt's lease cannot be read: its own code has written over it."
        : string.Create(
            CultureInfo.InvariantCulture, $"The server that ran it was not heard from any more: its lease ran out at {lease.Expires.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.");

    [LoggerMessage(1, LogLevel.Warning, "The lease of job {Job}, attempt {Attempt}, of the server {Host} ran out at {Expires:O}. The attempt counts as lost.")]
    private partial void LogLost(string job, int attempt, string host, DateTimeOffset expires);

    [LoggerMessage(2, LogLevel.Warning, "Attempt {Attempt} of job {Job} is over for all other servers. What is left of it here is killed.")]
    private partial void LogKilled(string job, int attempt);

    [LoggerMessage(3, LogLevel.Error, "The lease of job {Job}, attempt {Attempt}, could not be renewed; it is tried again.")]
    private partial void LogNotRenewed(Exception exception, string job, int attempt);
}
