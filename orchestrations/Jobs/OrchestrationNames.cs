namespace Larder.Orchestrations.Jobs;

/// <summary>
/// The names under which the task hub knows the orchestrators. Instances that run have them in their histories, so a value is never changed, whatever
/// becomes of the class; "Changing an orchestrator" in README.md says what to do instead.
/// </summary>
internal static class OrchestrationNames
{
    public const string ExportRegistry = "ExportRegistry";
    public const string ImportRegistry = "ImportRegistry";
    public const string IngestArtifact = "IngestArtifact";
    public const string ReceiveDataset = "ReceiveDataset";
    public const string ReceiveUpload = "ReceiveUpload";
    public const string ScoreDataset = "ScoreDataset";
    public const string TrainModel = "TrainModel";
}
