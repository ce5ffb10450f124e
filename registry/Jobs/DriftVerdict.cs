namespace Larder.Registry.Jobs;

/// <summary>What a job that compares data sets has found, as events tell it.</summary>
public static class DriftVerdict
{
    /// <summary>The type of such jobs.</summary>
    public const string Type = "drift";

    /// <summary>The metric of such a job: 1 when the data has drifted, 0 when it has not.</summary>
    public const string Metric = "drift";

    /// <summary>Whether a job has found drift.</summary>
    public static bool IsFound(Job job) => job is { Type: Type, State: JobState.Succeeded } && job.Metrics.GetValueOrDefault(Metric) > 0;
}
