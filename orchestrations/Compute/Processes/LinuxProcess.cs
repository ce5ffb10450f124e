using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary>A process as <c>/proc/[pid]/stat</c> shows it (proc(5)).</summary>
/// <param name="Pid">Process id.</param>
/// <param name="Parent">Its parent's.</param>
/// <param name="Session">Its session: the pid of the process that made it.</param>
/// <param name="StartTime">Clock ticks from boot to its start.</param>
/// <param name="IsZombie">Whether it has ended, and only its parent does not know yet.</param>
internal sealed record LinuxProcess(int Pid, int Parent, int Session, long StartTime, bool IsZombie)
{
    /// <summary>This boot's id.</summary>
    public static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>All processes. Some may have ended meanwhile.</summary>
    public static IEnumerable<LinuxProcess> All() =>
        from folder in Directory.EnumerateDirectories("/proc")
        let pid = int.TryParse(Path.GetFileName(folder), out var number) ? TryRead(number) : null
        where pid is not null
        select pid;

    /// <summary>Reads one; null when there is none.</summary>
    public static LinuxProcess? TryRead(int pid)
    {
        if (TryReadFile(pid, "stat") is not { } stat)
            return null;
        // The second field is the program's name in brackets, and may hold anything, brackets too.
        var fields = Encoding.Latin1.GetString(stat)[(Array.LastIndexOf(stat, (byte)')') + 2)..].Split(' ');
        return new LinuxProcess(pid, int.Parse(fields[1]), int.Parse(fields[3]), long.Parse(fields[19]), fields[0] is "Z" or "X");
    }

    /// <summary>Whether the environment that it was started with has a variable of this value. False when it may not be seen.</summary>
    public bool HasVariable(string name, string value)
    {
        if (TryReadFile(Pid, "environ") is not { } environment)
            return false;
        ReadOnlySpan<byte> entry = Encoding.UTF8.GetBytes($"\0{name}={value}\0");
        return environment.AsSpan().StartsWith(entry[1..]) || environment.AsSpan().IndexOf(entry) >= 0;
    }

    private static byte[]? TryReadFile(int pid, string file)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{pid}/{file}") is { Length: > 0 } content ? content : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

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
