using System.Diagnostics;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary><c>state.json</c>: who supervises a task.</summary>
/// <param name="Pid">The supervisor's pid; also its session.</param>
/// <param name="StartTime">When the supervisor started, as <see cref="ProcessIdentity"/> has it.</param>
/// <param name="BootId">Under which boot.</param>
/// <param name="Started">When it started, for people.</param>
/// <param name="CommandPid">The command's pid and process group, once it runs.</param>
/// <param name="ControlGroups">Folders of the control groups that were made for it.</param>
internal sealed record TaskState(int Pid, long StartTime, string BootId, DateTimeOffset Started, int? CommandPid, IReadOnlyList<string>? ControlGroups = null)
{
    private const int MostTries = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether the supervisor runs.</summary>
    public bool IsAlive() => new ProcessIdentity(Pid, StartTime, BootId).IsAlive();

    /// <summary>Removes its control groups, which the supervisor did not come to. Nothing of the task may run any more.</summary>
    public async Task RemoveControlGroupsAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var group in ControlGroups ?? [])
        {
            // The kernel has processes in their groups until they are reaped, a moment after they were killed.
            for (var tries = 0; !TryRemove(group) && tries < MostTries; tries++)
                await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private static bool TryRemove(string group)
    {
        try
        {
            Directory.Delete(group);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An empty group that is left costs nothing.
            return false;
        }
    }
}

/// <summary><c>exit.json</c>: how a task's command ended.</summary>
/// <param name="ExitCode">Its exit code; 128 + n when signal n ended it; null when it never ran, or its end was not seen.</param>
/// <param name="Reason">Why, in a sentence, when there is more to say than the code.</param>
/// <param name="Finished">When.</param>
/// <param name="TimedOut">Whether it was ended for taking too long.</param>
internal sealed record TaskExit(int? ExitCode, string? Reason, DateTimeOffset Finished, bool TimedOut = false);

/// <summary>The input of <c>supervise.py</c>, on its standard input: it holds secrets, so neither a file nor a command line has it.</summary>
internal sealed record TaskSpecification
{
    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>What Python is called, outside of a sandbox.</summary>
    public required string Python { get; init; }

    /// <summary>All variables of the command but HOME and TMPDIR.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Memory of the task where it can be limited as a whole, else address space of each process; null for no limit.</summary>
    public required long? MemoryBytes { get; init; }

    /// <summary>CPU time of each process.</summary>
    public required long CpuSeconds { get; init; }

    /// <summary>Cores of the task, where they can be limited; null for no limit.</summary>
    public required double? Cores { get; init; }

    /// <summary>Processes and threads of the task, where they can be limited.</summary>
    public required int Processes { get; init; }

    /// <summary>Bytes of disk of the task, and of each file.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>Time of the task.</summary>
    public required double TimeoutSeconds { get; init; }

    /// <summary>From SIGTERM to SIGKILL.</summary>
    public required double GraceSeconds { get; init; }

    /// <summary>Its sandbox; null for none.</summary>
    public required SandboxSpecification? Sandbox { get; init; }

    /// <summary>URLs that it reaches when its sandbox has no network.</summary>
    public required IReadOnlyList<string> Urls { get; init; }
}

/// <summary>A process that is not taken for another one that got its pid later: what <c>supervise.py</c> writes into <c>state.json</c>.</summary>
/// <param name="Pid">Process id.</param>
/// <param name="StartTime">Field 22 of <c>/proc/[pid]/stat</c> (proc(5)): clock ticks from boot to its start. 0 where there is no /proc; then the pid has to do.</param>
/// <param name="BootId">Of the boot that it ran under, since ticks begin anew with each; empty where there is none.</param>
internal sealed record ProcessIdentity(int Pid, long StartTime, string BootId)
{
    /// <summary>Whether it still runs.</summary>
    public bool IsAlive()
    {
        if (StartTime != 0)
            return BootId == LinuxProcess.BootId() && LinuxProcess.TryRead(Pid) is { IsZombie: false } process && process.StartTime == StartTime;
        try
        {
            using var process = Process.GetProcessById(Pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
