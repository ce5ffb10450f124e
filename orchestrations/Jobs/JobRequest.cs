using System.Text.Json;
using Larder.Registry.Access;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Jobs;

/// <summary>A checked request for a job.</summary>
/// <param name="Type">Its type's name (<see cref="IJobType.Name"/>).</param>
/// <param name="Model">The model that it makes or uses.</param>
/// <param name="Options">Its options, with every secret value as <c>"***"</c>.</param>
public sealed record JobRequest(string Type, string Model, JsonElement Options)
{
    /// <summary>The files that it is given, stored.</summary>
    public IReadOnlyList<JobInput> Inputs { get; init; } = [];

    /// <summary>The values that are masked in its options.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>As <see cref="Job.Source"/>.</summary>
    public string? Source { get; init; }

    /// <summary>
    /// How its data set was named, if it was: a request under a key is the same as an earlier one if it names the same, whatever that stands for meanwhile.
    /// </summary>
    public string? Dataset { get; init; }

    /// <summary>The version that it uses.</summary>
    public int? Version { get; init; }

    /// <summary>How the version was named, where that matters for whether a request is the same as an earlier one: an alias may have moved meanwhile.</summary>
    public string? Reference { get; init; }

    /// <summary>The maximum of attempts.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>Where its code runs, if it runs code.</summary>
    public string? Backend { get; init; }

    /// <summary>Whose right to it is checked: the caller, the maker of the schedule that asks, <see cref="Caller.Drop"/>. Without it no job is made.</summary>
    public Caller? By { get; init; }

    /// <summary>The name of the caller, as the job shows it.</summary>
    public string? Owner { get; init; }

    /// <summary>The job that it runs again.</summary>
    public string? RetryOf { get; init; }

    /// <summary>
    /// The id that the job gets, made of what it is about (<see cref="JobId.Create(DateTimeOffset, string)"/>): asking again is answered with the job that is
    /// there. Null for a new id.
    /// </summary>
    public string? Id { get; init; }

    /// <summary>Asking again with the same key and the same request is answered with the same job.</summary>
    public string? Key { get; init; }

    /// <summary>
    /// What makes a request under the same key the same request, where that is not all that is asked for: an occurrence of a schedule is one job, whatever
    /// became of the schedule since.
    /// </summary>
    public string? Fingerprint { get; init; }

    /// <summary>Id of the schedule that asks.</summary>
    public string? Schedule { get; init; }
}
