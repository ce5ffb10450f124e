using Larder.Inference;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Schedules;

/// <summary>A type of job that schedules can run: what they may ask of it, and how each run's job is asked for.</summary>
public interface IScheduledJob
{
    /// <summary>As <see cref="ScheduledJob.Type"/> has it.</summary>
    string Type { get; }

    /// <summary>Whether <see cref="ScheduledJob.Model"/> is a model's name; otherwise the type says what it must be.</summary>
    bool IsAboutModel => true;

    /// <summary>Checks what a schedule is to run, before the schedule is stored.</summary>
    /// <param name="caller">Who asks, and may have such a job of its model. What else the job names must be in the caller's scope too.</param>
    /// <param name="job">As it is asked for. Its model's name is one.</param>
    /// <param name="known">Secret values that the schedule has already, by name: an option that is masked keeps its value.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The job as it is stored, with every secret value masked, and these values.</returns>
    /// <exception cref="InvalidRequestException">It cannot be run: why, in a sentence.</exception>
    Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellationToken);

    /// <summary>What one run asks for. It is quick: what takes minutes is for the job itself to do.</summary>
    /// <param name="caller">As whom it runs.</param>
    /// <param name="job">As it is stored.</param>
    /// <param name="secrets">The values that are masked in its options.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="LarderException">It cannot be had any more: an input is gone, a limit has changed.</exception>
    Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken);
}
