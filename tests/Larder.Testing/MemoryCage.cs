using System.Globalization;

namespace Larder.Testing;

/// <summary>
/// A limit on the memory of a process and its children, by what this machine allows: a control group (v2, v1) where one can be made, so that the process sees it as a container's and is
/// killed beyond it; else a resource limit, beyond which its allocations fail.
/// </summary>
public sealed class MemoryCage : IDisposable
{
    private readonly string? _group;
    private readonly string? _peak;

    private MemoryCage(string kind, long bytes, string? group, string? peak, IReadOnlyList<string> prefix) =>
        (Kind, Bytes, _group, _peak, Prefix) = (kind, bytes, group, peak, prefix);

    /// <summary>What limits it, for a test's output.</summary>
    public string Kind { get; }

    /// <summary>The limit.</summary>
    public long Bytes { get; }

    /// <summary>Whether a process sees the limit from within, as in a container.</summary>
    public bool IsGroup => _group is not null;

    /// <summary>What a command line begins with to be run under the limit.</summary>
    public IReadOnlyList<string> Prefix { get; }

    /// <summary>Makes one.</summary>
    /// <exception cref="PlatformNotSupportedException">This machine has neither.</exception>
    public static MemoryCage Make(long bytes)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("Only Linux limits the memory of a process.");
        return TryMakeGroup("cgroup v1", bytes, "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes")
            ?? TryMakeGroup("cgroup v2", bytes, "/sys/fs/cgroup", "memory.max", "memory.peak")
            ?? new MemoryCage("RLIMIT_DATA", bytes, null, null, ["prlimit", $"--data={bytes}"]);
    }

    /// <summary>The most that a process under the limit has had, in bytes: of the group, or of the process itself.</summary>
    public long Peak(int pid)
    {
        if (_peak is not null && File.Exists(_peak))
            return Number(File.ReadAllText(_peak));
        const string Key = "VmHWM:";
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(Key, StringComparison.Ordinal));
        return 1024 * Number(line[Key.Length..].Replace("kB", "", StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_group is null)
            return;
        try
        {
            // A group's files are not files: it goes as a whole, once nothing is in it.
            Directory.Delete(_group);
        }
        catch (IOException)
        {
            // A process in it has not quite gone. It holds nothing.
        }
    }

    private static MemoryCage? TryMakeGroup(string kind, long bytes, string root, string limit, string peak)
    {
        var group = Path.Combine(root, $"larder-{Guid.NewGuid():N}");
        try
        {
            if (!Directory.Exists(root))
                return null;
            Directory.CreateDirectory(group);
            if (File.Exists(Path.Combine(group, limit)))
            {
                File.WriteAllText(Path.Combine(group, limit), bytes.ToString(CultureInfo.InvariantCulture));
                return new MemoryCage(kind, bytes, group, Path.Combine(group, peak), ["sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", Path.Combine(group, "cgroup.procs")]);
            }

            Directory.Delete(group);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long Number(string text) => long.Parse(text.Trim(), CultureInfo.InvariantCulture);
}
