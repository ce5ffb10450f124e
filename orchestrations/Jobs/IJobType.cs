using Larder.Orchestrations.Schedules;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Jobs;

/// <summary>A type of job: its orchestrator, that one's input, and its roles.</summary>
public interface IJobType
{
    /// <summary>As <see cref="Job.Type"/> has it.</summary>
    string Name { get; }

    /// <summary>The orchestrator's name.</summary>
    string Orchestrator { get; }

    /// <summary>Who may do what with jobs of this type.</summary>
    JobRoles Roles { get; }

    /// <summary>Whether a job uses the version that it names, also when it is run again; otherwise it makes that version.</summary>
    bool KeepsVersion => false;

    /// <summary>
    /// Why schedules cannot run it, and what they can run in its place, in sentences. Null when they can: then there is an <see cref="IScheduledJob"/> of its name.
    /// </summary>
    string? NotScheduled => null;

    /// <summary>What the orchestrator gets. What activities need, they read from the job.</summary>
    object InputOf(Job job);

    /// <summary>Checks whether a job's options are still allowed: limits and backends change before a job is run again.</summary>
    /// <exception cref="InvalidRequestException">An option is not allowed any more.</exception>
    void Check(Job job);
}
