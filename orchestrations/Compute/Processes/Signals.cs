using System.Runtime.InteropServices;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary>Signals to processes (kill(2)). One that is gone, or is not ours, is passed over.</summary>
internal static class Signals
{
    /// <summary>Sends SIGTERM.</summary>
    public static void Terminate(int pid) => _ = Send(pid, 15);

    /// <summary>Sends SIGKILL.</summary>
    public static void Kill(int pid) => _ = Send(pid, 9);

    /// <summary>Sends SIGKILL to a process group.</summary>
    public static void KillGroup(int group) => _ = Send(-group, 9);

    /// <summary>Sends SIGSTOP.</summary>
    public static void Freeze(int pid) => _ = Send(pid, OperatingSystem.IsLinux() ? 19 : 17);

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Send(int pid, int signal);
}
