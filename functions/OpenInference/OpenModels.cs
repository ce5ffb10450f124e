using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Functions.Operations;
using Larder.Functions.Prediction;
using Larder.Inference;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Larder.Registry.Catalog;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Functions.OpenInference;

/// <summary>What the Open Inference Protocol V2 and Triton's extensions say of the server and its models, over HTTP and gRPC.</summary>
public sealed class OpenModels(ModelRegistry registry, ModelCatalog catalog, SessionCache sessions, PredictionStatistics statistics, ServerVersion server)
{
    private const int Page = ModelRegistry.MaxPage;

    /// <summary>Name, version and extensions of the server.</summary>
    public ServerMetadataAnswer Server { get; } = new() { Name = "larder", Version = server.Version, Extensions = ["binary_tensor_data", "classification", "model_configuration", "model_repository", "statistics"] };

    /// <summary>The names of the models that a caller's token covers, as KServe lists them.</summary>
    public async Task<ModelNamesAnswer> NamesAsync(Caller caller, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var model in InScopeAsync(caller, cancellationToken))
            names.Add(model.Name);
        return new ModelNamesAnswer(names);
    }

    /// <summary>The models that a caller's token covers.</summary>
    public IAsyncEnumerable<Model> InScopeAsync(Caller caller, CancellationToken cancellationToken) =>
        Listing.AllAsync(cursor => registry.ListAsync(Page, cursor, cancellationToken: cancellationToken)).Where(model => caller.Scope?.Covers(model) != false);

    /// <summary>The versions of a model that can be served.</summary>
    public async Task<IReadOnlyList<ModelVersion>> VersionsAsync(ModelName model, CancellationToken cancellationToken) =>
        [.. (await AllVersionsAsync(model, cancellationToken)).Where(version => version is { Status: ModelVersionStatus.Ready, IsServable: true })];

    /// <summary>The versions of a model, also those that cannot be served.</summary>
    public async Task<IReadOnlyList<ModelVersion>> AllVersionsAsync(ModelName model, CancellationToken cancellationToken) =>
        await Listing.AllAsync(cursor => registry.ListVersionsAsync(model, Page, cursor, cancellationToken)).ToListAsync(cancellationToken);

    /// <summary>What a version takes and gives.</summary>
    public async Task<ModelMetadataAnswer> MetadataAsync(string reference, CancellationToken cancellationToken)
    {
        var model = await catalog.ResolveAsync(reference, cancellationToken);
        var signature = model.Version.Onnx.Signature;
        return new ModelMetadataAnswer
        {
            Name = model.Model.Name,
            Versions = [.. (await VersionsAsync(model.Model.Name, cancellationToken)).Select(version => $"{version.Version}")],
            Platform = "onnx_onnxv1",
            Inputs = [.. signature.Inputs.Select(input => new TensorMetadata(input.Name, input.Datatype!.Value.Name(), input.Shape!))],
            Outputs = [.. TensorSignature.Of(signature).Select(output => new TensorMetadata(output.Name, output.Datatype.Name(), output.Shape))],
        };
    }

    /// <summary>The name of a model that can be served.</summary>
    public async Task<string> ReadyAsync(string reference, CancellationToken cancellationToken) => (await catalog.ResolveAsync(reference, cancellationToken)).Model.Name;

    /// <summary>The configuration of a version in Triton's form.</summary>
    public async Task<ModelConfigurationAnswer> ConfigurationAsync(string reference, CancellationToken cancellationToken)
    {
        var model = await catalog.ResolveAsync(reference, cancellationToken);
        var signature = model.Version.Onnx.Signature;
        return new ModelConfigurationAnswer
        {
            Name = model.Model.Name,
            Platform = "onnxruntime_onnx",
            Backend = "onnxruntime",
            MaxBatchSize = 0,
            Inputs = [.. signature.AllInputs.Select(input => new TensorConfiguration(input.Name, TypeOf(input.Datatype!.Value), input.Shape!) { Optional = signature.OptionalInputs.Contains(input) })],
            Outputs = [.. TensorSignature.Of(signature).Select(output => new TensorConfiguration(output.Name, TypeOf(output.Datatype), output.Shape))],
        };
    }

    /// <summary>All versions of all models that a caller's token covers. Each can be served: it is loaded when a request needs it.</summary>
    public async Task<IReadOnlyList<RepositoryEntry>> IndexAsync(Caller caller, CancellationToken cancellationToken)
    {
        var entries = new List<RepositoryEntry>();
        await foreach (var model in InScopeAsync(caller, cancellationToken))
        {
            foreach (var version in await VersionsAsync(model.Name, cancellationToken))
                entries.Add(new RepositoryEntry { Name = model.Name, Version = $"{version.Version}", State = "READY", Reason = "" });
        }

        return entries;
    }

    /// <summary>Loads the version that requests without a version get into this server's memory.</summary>
    public async Task LoadAsync(string model, CancellationToken cancellationToken)
    {
        using var lease = await sessions.LeaseAsync((await catalog.ResolveAsync(model, cancellationToken)).Servable, cancellationToken);
    }

    /// <summary>Removes a model from this server's memory. It is loaded again when a request needs it.</summary>
    public async Task UnloadAsync(string model, CancellationToken cancellationToken) => sessions.Unload((await catalog.ResolveAsync(model, cancellationToken)).Model.Name);

    /// <summary>What this server has predicted since its start, by version, of the models that a caller's token covers.</summary>
    public async Task<ModelStatisticsAnswer> StatisticsAsync(Caller caller, CancellationToken cancellationToken)
    {
        var answers = new List<VersionStatisticsAnswer>();
        var known = statistics.Versions.ToLookup(version => version.Model);
        await foreach (var model in InScopeAsync(caller, cancellationToken))
        {
            if (!known.Contains(model.Name))
                continue;
            foreach (var version in await VersionsAsync(model.Name, cancellationToken))
            {
                var resolved = new ResolvedModel(model, version);
                if (known[model.Name].Any(statistics => statistics.Version == resolved.Servable.Version))
                    answers.Add(Of(resolved));
            }
        }

        return new ModelStatisticsAnswer(answers);
    }

    /// <summary>The same of a model's versions.</summary>
    public async Task<ModelStatisticsAnswer> StatisticsAsync(string model, CancellationToken cancellationToken)
    {
        var known = (await catalog.ResolveAsync(model, cancellationToken)).Model;
        return new ModelStatisticsAnswer([.. (await VersionsAsync(known.Name, cancellationToken)).Select(version => Of(new ResolvedModel(known, version)))]);
    }

    /// <summary>The same of one version.</summary>
    public async Task<ModelStatisticsAnswer> VersionStatisticsAsync(string reference, CancellationToken cancellationToken) => new([Of(await catalog.ResolveAsync(reference, cancellationToken))]);

    /// <summary>The refusal of Triton's parameters of a load.</summary>
    internal static HttpStatusException NoLoadParameters() =>
        new(ErrorKind.Unsupported, "Parameters of a load are not supported: upload files with PUT /api/v1/models/{model}, and change settings with POST /api/v1/models/{model}.");

    // Triton's configuration calls BYTES a string.
    private static string TypeOf(Datatype datatype) => datatype == Datatype.Bytes ? "TYPE_STRING" : $"TYPE_{datatype.Name()}";

    private VersionStatisticsAnswer Of(ResolvedModel model)
    {
        var known = statistics.Find(model.Servable.Name, model.Servable.Version);
        var totals = known?.Totals ?? default;
        return new VersionStatisticsAnswer
        {
            Name = model.Servable.Name,
            Version = model.Servable.Version,
            LastInference = totals.LastInference?.ToUnixTimeMilliseconds() ?? 0,
            InferenceCount = totals.Inferences,
            ExecutionCount = totals.Executions,
            Inferences = new InferenceStatisticsAnswer
            {
                Success = Of(totals.Success),
                Failure = Of(totals.Failure),
                Queue = Of(totals.Queue),
                Input = Of(totals.Input),
                Infer = Of(totals.Infer),
                Output = Of(totals.Output),
                CacheHit = Of(totals.CacheHit),
                CacheMiss = Of(totals.CacheMiss),
            },
            Batches = [.. (known?.Batches ?? []).Select(batch => new BatchStatisticsAnswer { BatchSize = batch.Rows, Input = Of(batch.Input), Infer = Of(batch.Infer), Output = Of(batch.Output) })],
            Memory = sessions.Find(model.Servable) is { } loaded ? [new MemoryUsageAnswer("CPU", 0, loaded.Bytes)] : [],
        };
    }

    private static DurationAnswer Of(DurationSum sum) => new(sum.Count, (long)sum.Time.TotalNanoseconds);
}
