using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Drift;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Training;
using Larder.Orchestrations.Uploads;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Tests.Replay;

/// <summary>The orchestrators under the names that task hubs know, as the official worker runs them.</summary>
internal static class Orchestrators
{
    public static IReadOnlyDictionary<string, ITaskOrchestrator> All { get; } = new Dictionary<string, ITaskOrchestrator>
    {
        [OrchestrationNames.DetectDrift] = new Orchestrator<string>(DetectDrift.Run),
        [OrchestrationNames.ExportRegistry] = new Orchestrator<string>(ExportRegistry.Run),
        [OrchestrationNames.ImportRegistry] = new Orchestrator<string>(ImportRegistry.Run),
        [OrchestrationNames.IngestArtifact] = new Orchestrator<string>(IngestArtifact.Run),
        [OrchestrationNames.ReceiveDataset] = new Orchestrator<string>(ReceiveDataset.Run),
        [OrchestrationNames.ReceiveUpload] = new Orchestrator<string>(ReceiveUpload.Run),
        [OrchestrationNames.ScoreDataset] = new Orchestrator<ScoringInput>(ScoreDataset.Run),
        [OrchestrationNames.TrainModel] = new Orchestrator<TrainingInput>(TrainModel.Run),
    };
}

/// <summary>A function of a class as an orchestrator.</summary>
/// <typeparam name="TInput">What it asks its context for.</typeparam>
internal sealed class Orchestrator<TInput>(Func<TaskOrchestrationContext, Task> run) : ITaskOrchestrator
{
    public Type InputType => typeof(TInput);

    public Type OutputType => typeof(object);

    public async Task<object?> RunAsync(TaskOrchestrationContext context, object? input)
    {
        await run(context);
        return null;
    }
}
