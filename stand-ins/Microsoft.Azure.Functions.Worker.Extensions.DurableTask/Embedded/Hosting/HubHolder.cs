using System.Diagnostics;
using System.Globalization;
using Microsoft.Azure.Functions.Worker.Embedded;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// Who holds a task hub, as the metadata of the lock's blob say. The lease of a host that was killed lasts some seconds more; on the machine where it
/// ran, it can be told at once that it is dead.
/// </summary>
/// <param name="Machine">The machine: <see cref="MachineIdentity"/>.</param>
/// <param name="Process">The process there.</param>
internal sealed record HubHolder(string Machine, ProcessIdentity Process)
{
    private const string MachineKey = "machine";
    private const string ProcessKey = "process";
    private const string StartedKey = "started";

    /// <summary>Whether it is known to be dead.</summary>
    public bool IsDead => Machine == MachineIdentity.Current && !Process.IsAlive();

    /// <summary>This process.</summary>
    public static HubHolder Current()
    {
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return new(MachineIdentity.Current, ProcessIdentity.Of(self));
    }

    /// <summary>Reads the metadata; null when they say nothing.</summary>
    public static HubHolder? Read(IDictionary<string, string> metadata) =>
        metadata.TryGetValue(MachineKey, out var machine) &&
        metadata.TryGetValue(ProcessKey, out var process) && int.TryParse(process, CultureInfo.InvariantCulture, out var id) &&
        metadata.TryGetValue(StartedKey, out var started) && DateTime.TryParseExact(started, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time)
            ? new(machine, new ProcessIdentity(id, time))
            : null;

    /// <summary>It as metadata.</summary>
    public Dictionary<string, string> ToMetadata() => new()
    {
        [MachineKey] = Machine,
        [ProcessKey] = Process.Id.ToString(CultureInfo.InvariantCulture),
        [StartedKey] = Process.Started.ToString("O", CultureInfo.InvariantCulture),
    };
}
