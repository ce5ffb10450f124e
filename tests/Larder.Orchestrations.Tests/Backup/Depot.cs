using System.Text;
using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Orchestrations.Backup.Archives;
using Larder.Registry.Audit;
using Larder.Registry.Backup;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tokens;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Orchestrations.Tests.Backup;

/// <summary>A registry that is exported and imported, on real stores. Its models are texts that begin with <c>onnx</c>.</summary>
internal sealed class Depot : IDisposable
{
    public const string Job = "7zzr2x0k9ab3cdef";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"depot-{Guid.NewGuid():N}");

    private Depot(string account, IDocumentStore documents, IArtifactStore? artifacts = null)
    {
        var client = BlobClients.Create(account);
        (Account, Documents) = (account, documents);
        Artifacts = artifacts ?? new BlobArtifactStore(client, TimeProvider.System);
        var log = new AuditLog(documents, NullLogger<AuditLog>.Instance);
        Registry = new ModelRegistry(documents, TimeProvider.System, log);
        Jobs = new JobStore(documents, TimeProvider.System);
        Schedules = new ScheduleStore(documents, log);
        Tokens = new TokenStore(documents, log, TimeProvider.System);
        var publishing = new PublishingOptions { StagingFolder = _folder };
        var staging = new StagingArea(publishing);
        Publisher = new ModelPublisher(
            Registry, Artifacts, ValidateAsync, (_, _, _) => Task.CompletedTask, staging, publishing, NullLogger<ModelPublisher>.Instance);
        Importer = new RegistryImporter(Registry, Jobs, Artifacts, staging, ValidateAsync, publishing, Limits, Schedules, TimeProvider.System);
        Sweeper = new RegistryGarbageCollector(Registry, Artifacts, Publisher, Jobs, new JobFiles(client, TimeProvider.System), Schedules, Tokens, [], new GarbageCollectionOptions(), new RetentionOptions { Deleted = TimeSpan.FromDays(1) });
    }

    public static ImportLimits Limits { get; } = new() { ArchiveBytes = 1 << 30, ExpandedBytes = 1 << 30 };

    public static ImportSelection Everything { get; } = new(new NamePatterns([]), SkipConflicts: false, RestoreDeleted: false, WithSchedules: true);

    public string Account { get; }

    public IDocumentStore Documents { get; }

    public IArtifactStore Artifacts { get; }

    public ModelRegistry Registry { get; }

    public ModelPublisher Publisher { get; }

    public JobStore Jobs { get; }

    public ScheduleStore Schedules { get; }

    public TokenStore Tokens { get; }

    public RegistryImporter Importer { get; }

    public RegistryGarbageCollector Sweeper { get; }

    /// <summary>A registry with its documents in blobs.</summary>
    public static Depot OnBlobs(string account) => new(account, new BlobDocumentStore(BlobClients.Create(account)));

    /// <summary>A registry with its documents in Cosmos DB, and its artifacts in blobs.</summary>
    public static async Task<Depot> OnCosmosAsync(string account, CosmosServer server)
    {
        var options = new CosmosOptions
        {
            Endpoint = server.Endpoint, Key = server.Key, Database = server.NewDatabase(), Create = true, LimitToEndpoint = true, AnyCertificate = true,
        };
        var client = CosmosClients.Create(options);
        await new CosmosContainers(client, options).PrepareAsync();
        return new Depot(account, new CosmosDocumentStore(client, options, new CosmosMetrics()));
    }

    /// <summary>Another host on the same storage, whose documents go through a store of a test's.</summary>
    public Depot Through(Func<IDocumentStore, IDocumentStore> wrap) => new(Account, wrap(Documents));

    public async Task<ModelVersion> PublishAsync(string name, string content, PublishRequest? request = null)
    {
        var bytes = new MemoryStream(Encoding.UTF8.GetBytes($"onnx {content}"));
        return (await Publisher.PublishAsync(ModelName.Parse(name), bytes, request ?? new PublishRequest { Source = "upload" })).Version;
    }

    /// <summary>Publishes a model of two files.</summary>
    public async Task<ModelVersion> PublishWithDataAsync(string name, string content, string data)
    {
        var options = new PublishingOptions { StagingFolder = _folder };
        var stager = new ModelStager(Publisher, new StagingArea(options), (_, _) => Task.FromResult<IReadOnlyCollection<string>>(["model.onnx.data"]), options);
        await using var staged = await stager.StageAsync(
            new MemoryStream(Encoding.UTF8.GetBytes($"onnx {content}")), "model.onnx", (_, _) => Task.FromResult<Stream?>(new MemoryStream(Encoding.UTF8.GetBytes(data))), default);
        return (await Publisher.PublishAsync(ModelName.Parse(name), staged, new PublishRequest { Source = "upload" })).Version;
    }

    /// <summary>Publishes a folder as MLflow logs it: each file has what is given for its path.</summary>
    public async Task<ModelVersion> PublishFolderAsync(string name, params (string Path, string Content)[] files)
    {
        var options = new PublishingOptions { StagingFolder = _folder };
        var staging = new StagingArea(options);
        var folder = new List<VersionFile>();
        foreach (var (path, content) in files)
        {
            await using var staged = await staging.AddAsync(new MemoryStream(Encoding.UTF8.GetBytes(content)), "file", 1000);
            await Artifacts.PutAsync(staged.Path, staged.Sha256);
            folder.Add(new VersionFile(path, staged.Sha256, staged.SizeBytes));
        }
        var stager = new ModelStager(Publisher, staging, (_, _) => Task.FromResult<IReadOnlyCollection<string>>([]), options);
        return (await new FolderPublisher(Publisher, stager, Artifacts).PublishAsync(ModelName.Parse(name), folder, new PublishRequest { Source = "runs:/1/model", Run = "1" })).Version;
    }

    public async Task<byte[]> ExportAsync(bool includeArtifacts = true, params string[] models)
    {
        using var archive = new MemoryStream();
        await new RegistryExporter(Documents, Artifacts).ExportAsync(new WriteOnlyStream(archive), new ExportSelection(new NamePatterns(models), includeArtifacts));
        return archive.ToArray();
    }

    /// <summary>All steps of an import, one after the other, as the job has them.</summary>
    public async Task<IReadOnlyList<ImportedItem>> ImportAsync(byte[] archive, ImportSelection? selection = null, string job = Job)
    {
        var plan = await PlanAsync(archive, selection, job);
        var descriptions = new Dictionary<string, ModelDescription>();
        await using var opened = await OpenAsync(archive);
        var import = await Importer.OpenAsync(opened, job, "tester");
        foreach (var artifact in plan.Artifacts)
        {
            if (await import.CheckArtifactAsync(artifact) is { } description)
                descriptions[artifact.Sha256] = description;
        }

        foreach (var manifest in plan.Manifests)
            descriptions[manifest.Sha256] = await import.CheckManifestAsync(manifest);
        foreach (var artifact in plan.Artifacts)
            await import.StoreArtifactAsync(artifact);
        var done = new List<ImportedItem>();
        foreach (var model in plan.Models)
        {
            done.Add(model.Outcome is ImportOutcome.Created or ImportOutcome.Restored
                ? await import.RegisterAsync(model, (sha256, _) => Task.FromResult(descriptions[sha256]))
                : model);
        }

        foreach (var schedule in plan.Schedules)
        {
            done.Add(schedule.Outcome == ImportOutcome.Created
                ? await import.RegisterScheduleAsync(schedule, (archived, _) => Task.FromResult<(Schedule, string?)>((archived, null)))
                : schedule);
        }

        return done;
    }

    /// <summary>Its first step only, which writes nothing.</summary>
    public async Task<ImportPlan> PlanAsync(byte[] archive, ImportSelection? selection = null, string job = Job)
    {
        await using var opened = await OpenAsync(archive);
        return await (await Importer.OpenAsync(opened, job, "tester")).PlanAsync(selection ?? Everything, _ => { }, _ => Task.CompletedTask);
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    public static Task<BackupArchive> OpenAsync(byte[] archive, ImportLimits? limits = null) => BackupArchive.OpenAsync(
        new RangeStream(archive.Length, (offset, count, _) => Task.FromResult<Stream>(new MemoryStream(archive, (int)offset, (int)count)), windowBytes: 300), limits ?? Limits, default);

    private static async Task<ModelDescription> ValidateAsync(StagedFile file, string caller, CancellationToken cancellationToken)
    {
        var content = await File.ReadAllTextAsync(file.Path, cancellationToken);
        if (!content.StartsWith("onnx ", StringComparison.Ordinal))
            throw new InvalidModelException("The file is not an ONNX model.");
        return new ModelDescription
        {
            Signature = new ModelSignature(
                [new ValueSignature { Name = "x", Kind = ValueKind.Tensor, Datatype = Datatype.Fp32, Shape = [-1, content.Length] }],
                [new ValueSignature { Name = "y", Kind = ValueKind.Tensor, Datatype = Datatype.Int64, Shape = [-1] }]),
            IrVersion = 9,
            Opsets = new Dictionary<string, long> { ["ai.onnx"] = 17 },
            Producer = "test 1.0",
        };
    }
}
