using Larder.Contracts;
using Larder.Tracking.Comparison;
using Larder.Tracking.Runs;

namespace Larder.Functions.Experiments;

/// <summary>Runs as Larder's own API answers them.</summary>
internal static class ExperimentAnswers
{
    /// <summary>A run that is compared.</summary>
    public static ComparedRun Of(Run run) => new()
    {
        RunId = run.Id,
        Name = run.Name,
        Status = RunStore.NameOf(run.Status),
        Started = DateTimeOffset.FromUnixTimeMilliseconds(run.StartTime),
        Finished = run.EndTime is { } end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null,
        Job = run.Job,
        Datasets = [.. run.Datasets.Select(Of)],
    };

    /// <summary>A run that is ranked.</summary>
    public static RankedRun Of(ChampionEntry entry) => new()
    {
        RunId = entry.Run.Id, Name = entry.Run.Name, Value = entry.Point.Value, Dataset = entry.Dataset is { } dataset ? Of(dataset) : null,
    };

    private static ComparedDataset Of(DatasetInput dataset) => new()
    {
        Name = dataset.Name, Digest = dataset.Digest, Context = dataset.Tags.GetValueOrDefault(DatasetInput.ContextTag),
    };
}
