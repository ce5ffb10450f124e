using System.Diagnostics;

namespace Larder.Orchestrations.Compute.Processes;

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
