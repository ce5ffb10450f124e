using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Backup;

/// <summary>The export job: write the archive, in one step that begins anew when its host dies, clean up, end.</summary>
public static class ExportRegistry
{
    /// <summary>Runs it.</summary>
    [Function(OrchestrationNames.ExportRegistry)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) => BackupSteps.RunAsync(context, ActivityNames.WriteExport);
}
