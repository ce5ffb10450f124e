using Larder.Registry.Models;

namespace Larder.Registry.Jobs;

/// <summary>Which jobs a list has: those that fit all that is not null.</summary>
public sealed record JobFilter
{
    /// <summary>States, any of which fits.</summary>
    public IReadOnlyCollection<JobState>? States { get; init; }

    /// <summary>Types, any of which fits.</summary>
    public IReadOnlyCollection<string>? Types { get; init; }

    /// <summary>Owners as they are, any of which fits.</summary>
    public IReadOnlyCollection<string>? Owners { get; init; }

    /// <summary>The model's name, as it is.</summary>
    public ModelName? Model { get; init; }

    /// <summary>Id of the schedule that asked for them.</summary>
    public string? Schedule { get; init; }

    /// <summary>A part of the id, the model's name, the reason or the owner, in upper or lower case.</summary>
    public string? Text { get; init; }

    /// <summary>Accepted at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Accepted before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Whether a job is shown at all, by its type and model: not every caller sees every job.</summary>
    public Func<string, string, bool>? Shown { get; init; }

    internal bool Matches(Job job) =>
        Shown?.Invoke(job.Type, job.Model) != false
        && States?.Contains(job.State) != false
        && Types?.Contains(job.Type) != false
        && Owners?.Contains(job.Owner) != false
        && (Model is null || Model == job.Model)
        && (Schedule is null || Schedule == job.Schedule)
        && (From is null || job.Created >= From)
        && (To is null || job.Created < To)
        && (Text is null || Has(job.Id) || Has(job.Model) || Has(job.Reason) || Has(job.Owner));

    private bool Has(string? text) => text?.Contains(Text!, StringComparison.OrdinalIgnoreCase) == true;
}

/// <summary>Part of a list of jobs.</summary>
/// <param name="Items">The newest first.</param>
/// <param name="Cursor">Asks for the next page; null at the end.</param>
/// <param name="Total">How many jobs fit the filter, on all pages, when this one was read.</param>
public sealed record JobPage(IReadOnlyList<Job> Items, string? Cursor, int Total);
