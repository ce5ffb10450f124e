using System.Globalization;

namespace Larder.Orchestrations.Compute.ContainerInstances;

/// <summary>Names and tags of container groups: what connects one with a task, and with nothing else.</summary>
internal static class ContainerGroupLabels
{
    private const string PlatformTag = "platform";
    private const string Platform = "larder";
    private const string JobTag = "job";
    private const string AttemptTag = "attempt";
    private const string StartByTag = "startBy";
    private const string ExpiresAtTag = "expiresAt";

    /// <summary>The group's name. The service allows 1 to 63 of a-z, 0-9 and single hyphens.</summary>
    public static string NameOf(string prefix, ComputeId id)
    {
        if (id.Job is not { Length: >= 1 and <= 40 } || id.Job.Any(letter => !char.IsAsciiDigit(letter) && !char.IsAsciiLetterLower(letter)))
            throw new ArgumentException($"A job's id is 1 to 40 lower-case letters and digits; got '{id.Job}'.", nameof(id));
        ArgumentOutOfRangeException.ThrowIfLessThan(id.Attempt, 1);
        return string.Create(CultureInfo.InvariantCulture, $"{prefix}{id.Job}-{id.Attempt}");
    }

    /// <summary>The tags of a new group.</summary>
    /// <param name="id">The task.</param>
    /// <param name="startBy">Until when it must have started.</param>
    /// <param name="expiresAt">When the group may be deleted by any server that finds it.</param>
    public static IEnumerable<KeyValuePair<string, string>> TagsOf(ComputeId id, DateTimeOffset startBy, DateTimeOffset expiresAt) =>
    [
        new(PlatformTag, Platform),
        new(JobTag, id.Job),
        new(AttemptTag, id.Attempt.ToString(CultureInfo.InvariantCulture)),
        new(StartByTag, startBy.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
        new(ExpiresAtTag, expiresAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
    ];

    /// <summary>The task whose group this is; null when it is none of ours.</summary>
    public static ComputeId? IdOf(string prefix, string name, IDictionary<string, string> tags)
    {
        if (!tags.TryGetValue(PlatformTag, out var platform) || platform != Platform
            || !tags.TryGetValue(JobTag, out var job) || string.IsNullOrEmpty(job)
            || !tags.TryGetValue(AttemptTag, out var text)
            || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt))
            return null;

        // Tags can be copied; the name cannot. The service keeps its case, Resource Manager does not promise to.
        return name.Equals($"{prefix}{job}-{text}", StringComparison.OrdinalIgnoreCase) ? new ComputeId(job, attempt) : null;
    }

    /// <summary>Until when it must have started; null when its tags do not tell.</summary>
    public static DateTimeOffset? StartByOf(IDictionary<string, string> tags) =>
        tags.TryGetValue(StartByTag, out var text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment
            : null;
}
