using Larder.Contracts;
using Larder.Grpc.Protocol;

namespace Larder.Grpc;

/// <summary>The answers that HTTP has as JSON, as messages.</summary>
internal static class Answers
{
    public static ModelMetadataResponse Of(ModelMetadataAnswer answer) => new()
    {
        Name = answer.Name,
        Versions = { answer.Versions },
        Platform = answer.Platform,
        Inputs = { answer.Inputs.Select(Of) },
        Outputs = { answer.Outputs.Select(Of) },
    };

    public static ModelConfigResponse Of(ModelConfigurationAnswer answer) => new()
    {
        Config = new ModelConfig
        {
            Name = answer.Name,
            Platform = answer.Platform,
            Backend = answer.Backend,
            MaxBatchSize = answer.MaxBatchSize,
            Input = { answer.Inputs.Select(input => new ModelInput { Name = input.Name, DataType = TypeOf(input.DataType), Dims = { input.Dims }, Optional = input.Optional }) },
            Output = { answer.Outputs.Select(output => new ModelOutput { Name = output.Name, DataType = TypeOf(output.DataType), Dims = { output.Dims } }) },
        },
    };

    public static RepositoryIndexResponse Of(IReadOnlyList<RepositoryEntry> entries) => new()
    {
        Models = { entries.Select(entry => new RepositoryIndexResponse.Types.ModelIndex { Name = entry.Name, Version = entry.Version, State = entry.State, Reason = entry.Reason }) },
    };

    public static ModelStatisticsResponse Of(ModelStatisticsAnswer answer) => new() { ModelStats = { answer.Models.Select(Of) } };

    private static ModelStatistics Of(VersionStatisticsAnswer version) => new()
    {
        Name = version.Name,
        Version = version.Version,
        LastInference = (ulong)version.LastInference,
        InferenceCount = (ulong)version.InferenceCount,
        ExecutionCount = (ulong)version.ExecutionCount,
        InferenceStats = new InferStatistics
        {
            Success = Of(version.Inferences.Success),
            Fail = Of(version.Inferences.Failure),
            Queue = Of(version.Inferences.Queue),
            ComputeInput = Of(version.Inferences.Input),
            ComputeInfer = Of(version.Inferences.Infer),
            ComputeOutput = Of(version.Inferences.Output),
            CacheHit = Of(version.Inferences.CacheHit),
            CacheMiss = Of(version.Inferences.CacheMiss),
        },
        BatchStats =
        {
            version.Batches.Select(batch => new InferBatchStatistics
            {
                BatchSize = (ulong)batch.BatchSize,
                ComputeInput = Of(batch.Input),
                ComputeInfer = Of(batch.Infer),
                ComputeOutput = Of(batch.Output),
            }),
        },
        MemoryUsage = { version.Memory.Select(memory => new MemoryUsage { Type = memory.Type, Id = memory.Id, ByteSize = (ulong)memory.Bytes }) },
    };

    private static StatisticDuration Of(DurationAnswer sum) => new() { Count = (ulong)sum.Count, Ns = (ulong)sum.Nanoseconds };

    private static ModelMetadataResponse.Types.TensorMetadata Of(TensorMetadata tensor) => new() { Name = tensor.Name, Datatype = tensor.Datatype, Shape = { tensor.Shape } };

    // The enumeration has the names of the answer, and the generated one others.
    private static DataType TypeOf(string name) => (DataType)InferenceReflection.Descriptor.EnumTypes[0].FindValueByName(name).Number;
}
