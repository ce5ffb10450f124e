namespace Larder.Orchestrations;

/// <summary><c>state.json</c>: who supervises a task.</summary>
/// <param name="Pid">The supervisor's pid; also its session.</param>
/// <param name="StartTime">When the supervisor started, as <see cref="ProcessIdentity"/> has it.</param>
/// <param name="BootId">Under which boot.</param>
/// <param name="Started">When it started, for people.</param>
/// <param name="CommandPid">The command's pid and process group, once it runs.</param>
internal sealed record TaskState(int Pid, long StartTime, string BootId, DateTimeOffset Started, int? CommandPid)
{
    /// <summary>Whether the supervisor runs.</summary>
    public bool IsAlive() => new ProcessIdentity(Pid, StartTime, BootId).IsAlive();
}
