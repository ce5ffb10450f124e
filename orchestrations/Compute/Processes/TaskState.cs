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
    /// <summary>Whether the supervisor runs.</summary>
    public bool IsAlive() => new ProcessIdentity(Pid, StartTime, BootId).IsAlive();

    /// <summary>Removes its control groups, which the supervisor did not come to. Nothing of the task may run any more.</summary>
    public void RemoveControlGroups()
    {
        foreach (var group in ControlGroups ?? [])
        {
            try
            {
                Directory.Delete(group);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Gone already. An empty group that is left costs nothing.
            }
        }
    }
}
