using Microsoft.DurableTask;

namespace Larder.Orchestrations.Tests;

/// <summary>The orchestrators under the names that task hubs know, as the official worker runs them.</summary>
internal static class Orchestrators
{
    public static IReadOnlyDictionary<string, ITaskOrchestrator> All { get; } = new Dictionary<string, ITaskOrchestrator>
    {
        [OrchestrationNames.ExportRegistry] = new Orchestrator<string>(ExportRegistry.Run),
        [OrchestrationNames.ImportRegistry] = new Orchestrator<string>(ImportRegistry.Run),
        [OrchestrationNames.IngestArtifact] = new Orchestrator<string>(IngestArtifact.Run),
        [OrchestrationNames.ReceiveDataset] = new Orchestrator<string>(ReceiveDataset.Run),
        [OrchestrationNames.ReceiveUpload] = new Orchestrator<string>(ReceiveUpload.Run),
        [OrchestrationNames.ScoreDataset] = new Orchestrator<Scoring>(ScoreDataset.Run),
        [OrchestrationNames.TrainModel] = new Orchestrator<Training>(TrainModel.Run),
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
