namespace Microsoft.DurableTask.Embedded;

/// <summary>Tells where process ids mean the same: on one machine, since it was started, outside or in the same container.</summary>
internal static class MachineIdentity
{
    private const string BootId = "/proc/sys/kernel/random/boot_id";
    private const string ProcessNamespace = "/proc/self/ns/pid";

    /// <summary>This place.</summary>
    public static string Current { get; } = Uri.EscapeDataString($"{Environment.MachineName}|{Read(BootId)}|{Namespace()}");

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path).Trim() : "";

    private static string Namespace() => OperatingSystem.IsLinux() ? new FileInfo(ProcessNamespace).LinkTarget ?? "" : "";
}
