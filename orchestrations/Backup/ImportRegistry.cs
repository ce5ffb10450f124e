using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Backup;

/// <summary>
/// The import job: fetch the archive if it is elsewhere, check all of it, store its artifacts, register its models, clean up, end. Cancelling is heeded until
/// registering begins.
/// </summary>
public static class ImportRegistry
{
    /// <summary>Runs it.</summary>
    [Function(OrchestrationNames.ImportRegistry)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) =>
        BackupSteps.RunAsync(context, ActivityNames.FetchArchive, ActivityNames.CheckImport, ActivityNames.StoreImport, ActivityNames.RegisterImport);
}
