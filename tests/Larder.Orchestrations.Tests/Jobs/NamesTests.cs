using System.Reflection;
using System.Runtime.CompilerServices;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Tests.Jobs;

/// <summary>Instances that run have these names in their histories: a value that changes here is a running job that fails.</summary>
public sealed class NamesTests
{
    private static readonly string[] Orchestrators =
    [
        "DetectDrift", "ExportRegistry", "ImportRegistry", "IngestArtifact", "ReceiveDataset", "ReceiveUpload", "ScoreDataset", "TrainModel",
    ];

    private static readonly string[] Activities =
    [
        "CheckArrival", "CheckImport", "CheckTrainedModel", "CollectResults", "CompareDatasets", "CompileTrainedModel", "DeleteCompute", "EndJob",
        "FetchArchive", "FetchDataset", "FinishScoring", "FinishTransfer", "GateTrainedModel", "LookAtDrop", "MergeScores",
        "NoteScoring", "PlanScoring", "RegisterArrival", "RegisterDataset", "RegisterImport", "RegisterTrainedModel", "ReleaseUpload", "ReportDrop",
        "ScoreChunk", "StageDataset", "StageDrop", "StageInputs", "StageUpload", "StartCompute", "StopCompute", "StoreImport", "WatchCompute", "WriteExport",
    ];

    [Fact]
    public void Orchestrators_have_the_names_that_task_hubs_know()
    {
        Assert.Equal(Orchestrators, Names<OrchestrationTriggerAttribute>());
        Assert.Equal(Orchestrators, Constants(typeof(OrchestrationNames)));
    }

    [Fact]
    public void Activities_have_the_names_that_task_hubs_know()
    {
        Assert.Equal(Activities, Names<ActivityTriggerAttribute>());
        Assert.Equal(Activities, Constants(typeof(ActivityNames)));
    }

    [Fact]
    public void Every_type_of_job_names_an_orchestrator_that_exists() =>
        Assert.Equal(
            Orchestrators,
            typeof(IJobType).Assembly.GetTypes()
                .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IJobType)))
                // What they need to check requests plays no part in their names.
                .Select(type => ((IJobType)RuntimeHelpers.GetUninitializedObject(type)).Orchestrator)
                .Order(StringComparer.Ordinal));

    private static IEnumerable<string> Names<TTrigger>()
        where TTrigger : Attribute =>
        typeof(TrainModel).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(method => method.GetParameters().Any(parameter => parameter.IsDefined(typeof(TTrigger))))
            .Select(method => method.GetCustomAttribute<FunctionAttribute>()!.Name)
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Constants(Type names) =>
        names.GetFields().Select(field => (string)field.GetRawConstantValue()!).Order(StringComparer.Ordinal);
}
