namespace Larder.Orchestrations.Jobs;

/// <summary>
/// The names under which the task hub knows the orchestrators. Instances that run have them in their histories, so a value is never changed, whatever
/// becomes of the class; "Changing an orchestrator" in README.md says what to do instead.
/// </summary>
internal static class OrchestrationNames
{
    public const string DetectDrift = "DetectDrift";
    public const string ExportRegistry = "ExportRegistry";
    public const string ImportRegistry = "ImportRegistry";
    public const string IngestArtifact = "IngestArtifact";
    public const string ReceiveDataset = "ReceiveDataset";
    public const string ReceiveUpload = "ReceiveUpload";
    public const string ScoreDataset = "ScoreDataset";
    public const string TrainModel = "TrainModel";
}

/// <summary>
/// The names under which the task hub knows the activities. As those of orchestrators (<see cref="OrchestrationNames"/>), they stand in the histories of
/// instances that run, and are never changed.
/// </summary>
internal static class ActivityNames
{
    // Jobs/
    public const string EndJob = "EndJob";

    // Ingestion/
    public const string CheckArrival = "CheckArrival";
    public const string LookAtDrop = "LookAtDrop";
    public const string RegisterArrival = "RegisterArrival";
    public const string ReportDrop = "ReportDrop";
    public const string StageDrop = "StageDrop";

    // Uploads/
    public const string RegisterDataset = "RegisterDataset";
    public const string ReleaseUpload = "ReleaseUpload";
    public const string StageDataset = "StageDataset";
    public const string StageUpload = "StageUpload";

    // Training/
    public const string CheckTrainedModel = "CheckTrainedModel";
    public const string CollectResults = "CollectResults";
    public const string CompileTrainedModel = "CompileTrainedModel";
    public const string DeleteCompute = "DeleteCompute";
    public const string GateTrainedModel = "GateTrainedModel";
    public const string RegisterTrainedModel = "RegisterTrainedModel";
    public const string StageInputs = "StageInputs";
    public const string StartCompute = "StartCompute";
    public const string StopCompute = "StopCompute";
    public const string WatchCompute = "WatchCompute";

    // Scoring/
    public const string FetchDataset = "FetchDataset";
    public const string FinishScoring = "FinishScoring";
    public const string MergeScores = "MergeScores";
    public const string NoteScoring = "NoteScoring";
    public const string PlanScoring = "PlanScoring";
    public const string ScoreChunk = "ScoreChunk";

    // Drift/
    public const string CompareDatasets = "CompareDatasets";

    // Transfer/
    public const string CheckImport = "CheckImport";
    public const string FetchArchive = "FetchArchive";
    public const string FinishTransfer = "FinishTransfer";
    public const string RegisterImport = "RegisterImport";
    public const string StoreImport = "StoreImport";
    public const string WriteExport = "WriteExport";
}
