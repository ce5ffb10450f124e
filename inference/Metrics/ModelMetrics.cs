using Larder.Inference.Sessions;

namespace Larder.Inference.Metrics;

/// <summary>The metrics of one loaded model, with its tags made once.</summary>
internal sealed class ModelMetrics(InferenceMetrics metrics, ServableModel model)
{
    public KeyValuePair<string, object?> ModelTag { get; } = new("model", model.Name);

    public KeyValuePair<string, object?> VersionTag { get; } = new("version", model.Version);

    public bool Enabled => metrics.Runs.Enabled || metrics.RunSeconds.Enabled || metrics.BatchRows.Enabled;

    public void RecordRun(TimeSpan elapsed, long rows)
    {
        metrics.Runs.Add(1, ModelTag, VersionTag);
        metrics.RunSeconds.Record(elapsed.TotalSeconds, ModelTag, VersionTag);
        metrics.BatchRows.Record(rows, ModelTag, VersionTag);
    }
}
