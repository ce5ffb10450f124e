using System.Globalization;
using System.Runtime.InteropServices;

namespace Larder.Sandbox;

/// <summary>
/// Limits that the process sets for itself where the system can (Linux). The server also watches its memory, which is the only limit
/// on other systems, and too slow for a model that allocates everything at once.
/// </summary>
internal static class ProcessLimits
{
    private const int RlimitData = 2;
    private const int RlimitCore = 4;

    /// <summary>
    /// Bounds writable private memory: what the process has at its start plus <paramref name="bytes"/>. Address space cannot be bounded
    /// so: the garbage collector reserves hundreds of gigabytes that it never touches. 0 sets no bound.
    /// </summary>
    public static void Apply(long bytes)
    {
        if (!OperatingSystem.IsLinux())
            return;
        if (bytes > 0 && CurrentData() is { } data)
            Set(RlimitData, (ulong)(data + bytes));
        Set(RlimitCore, 0);
        try
        {
            // If memory runs out anyway, the kernel should end this process and not the server. Raising one's own score needs no right.
            File.WriteAllText("/proc/self/oom_score_adj", "1000");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not allowed in some containers: then the kernel chooses.
        }
    }

    // Null if the kernel does not report it, as in some containers: then only the server watches.
    private static long? CurrentData()
    {
        const string Key = "VmData:";
        return File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal)) is { } found
            ? 1024 * long.Parse(found[Key.Length..].Replace("kB", "").Trim(), CultureInfo.InvariantCulture)
            : null;
    }

    private static void Set(int resource, ulong value)
    {
        var limit = new Rlimit { Current = value, Maximum = value };
        if (SetRlimit(resource, ref limit) != 0)
            throw new InvalidOperationException($"setrlimit({resource}) failed with error {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static extern int SetRlimit(int resource, ref Rlimit limit);

    private struct Rlimit
    {
        public ulong Current;
        public ulong Maximum;
    }
}
