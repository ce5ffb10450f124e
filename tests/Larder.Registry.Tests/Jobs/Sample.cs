using Larder.Registry.Jobs;

namespace Larder.Registry.Tests.Jobs;

/// <summary>Jobs to store.</summary>
internal static class Sample
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A job that was accepted so many minutes after noon.</summary>
    public static Job Job(int minute = 0, JobState state = JobState.Queued, string model = "iris", string? owner = null, string type = "train")
    {
        var created = Start + TimeSpan.FromMinutes(minute);
        var id = JobId.Create(created);
        return new Job { Id = id, Type = type, State = state, Model = model, Owner = owner, Created = created };
    }
}
