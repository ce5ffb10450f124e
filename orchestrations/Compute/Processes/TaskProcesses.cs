namespace Larder.Orchestrations.Compute.Processes;

/// <summary>
/// The processes of a task: those that were started with its marker variable, those below them, and those of the sessions that they made. Without
/// /proc (not Linux), only the supervisor and the command's process group.
/// </summary>
internal static class TaskProcesses
{
    /// <summary>Variable that every process of a task inherits; its value is the task's folder.</summary>
    public const string Marker = "LARDER_TASK";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Kills them all.</summary>
    /// <exception cref="IOException">Some are still there after a while: they hang in the kernel.</exception>
    public static async Task EndAsync(string folder, TaskState? state, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            EndGroups(state);
            return;
        }

        for (var start = time.GetTimestamp(); Find(folder) is { Count: > 0 } found; await Task.Delay(Pause, time, cancellationToken))
        {
            if (time.GetElapsedTime(start) > KillTimeout)
                throw new IOException($"Processes of a job do not end, though they were killed: {string.Join(", ", found)}.");

            // Frozen first: a parent that is killed before its child has been seen takes with it the way to the child.
            var frozen = new HashSet<int>();
            for (var more = found; more.Count > 0; more = [.. Find(folder).Except(frozen)])
            {
                more.ForEach(Signals.Freeze);
                frozen.UnionWith(more);
            }

            foreach (var pid in frozen)
                Signals.Kill(pid);
        }
    }

    private static List<int> Find(string folder)
    {
        var living = LinuxProcess.All().Where(process => !process.IsZombie && process.Pid != Environment.ProcessId).ToList();
        var found = living.Where(process => process.HasVariable(Marker, folder)).Select(process => process.Pid).ToHashSet();
        // A session counts when its leader is found: the launcher, for a moment, is in the host's.
        while (living.Any(process => (found.Contains(process.Parent) || found.Contains(process.Session)) && found.Add(process.Pid)))
        {
        }

        return [.. found];
    }

    private static void EndGroups(TaskState? state)
    {
        if (state is null)
            return;
        if (state.IsAlive())
            Signals.Kill(state.Pid);
        if (state.CommandPid is { } command)
            Signals.KillGroup(command);
    }
}
