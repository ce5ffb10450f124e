using System.Security.Cryptography;
using System.Text;
using Larder.Inference.Signatures;
using Larder.Registry.Audit;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tokens;
using Larder.Registry.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Registry.Tests.Testing;

/// <summary>One host's whole registry on an account, with a staging folder of its own.</summary>
internal sealed class Shop : IDisposable
{
    public static readonly ModelDescription Description = new()
    {
        Signature = new ModelSignature(
            [new ValueSignature { Name = "x", Kind = ValueKind.Tensor, Datatype = Datatype.Fp32, Shape = [-1, 4] }],
            [new ValueSignature { Name = "y", Kind = ValueKind.Tensor, Datatype = Datatype.Int64, Shape = [-1] }]),
        IrVersion = 9,
        Opsets = new Dictionary<string, long> { ["ai.onnx"] = 17, ["ai.onnx.ml"] = 3 },
        Producer = "test 1.0",
    };

    private readonly string _folder;
    private readonly long _modelBytes;

    public Shop(
        string account,
        TimeProvider? time = null,
        Func<IDocumentStore, IDocumentStore>? documents = null,
        Func<IArtifactStore, IArtifactStore>? artifacts = null,
        PublishingOptions? options = null,
        ValidateModel? validate = null,
        AdoptArtifact? adopt = null,
        string? folder = null,
        int retentionDays = 1,
        WarmModels? warm = null,
        WebhookOptions? webhooks = null)
    {
        _folder = folder ?? Path.Combine(Path.GetTempPath(), $"shop-{Guid.NewGuid():N}");
        Account = account;
        var client = BlobClients.Create(account);
        Time = time ?? TimeProvider.System;
        Documents = new BlobDocumentStore(client);
        Documents = documents?.Invoke(Documents) ?? Documents;
        Artifacts = new BlobArtifactStore(client, Time);
        Artifacts = artifacts?.Invoke(Artifacts) ?? Artifacts;
        var delivering = webhooks ?? new WebhookOptions();
        Deliveries = new DeliveryStore(Documents, delivering, Time);
        // Where a test is about storage calls, there are no more than it is about.
        var events = webhooks is null ? null : new EventPublisher(Documents, Deliveries);
        var log = new AuditLog(Documents, NullLogger<AuditLog>.Instance, events);
        Registry = new ModelRegistry(Documents, Time, log, warm);
        Schedules = new ScheduleStore(Documents, log);
        Tokens = new TokenStore(Documents, log, Time);
        Secrets = new WebhookSecrets(delivering);
        Webhooks = new WebhookStore(Documents, log, Deliveries, Secrets, delivering, Time);
        History = new AuditHistory(Documents, Registry, Schedules, Tokens, Time, Webhooks);
        Settings = new SettingsHistory(log, Time);
        var publishing = (options ?? new PublishingOptions()) with { StagingFolder = Staging };
        _modelBytes = publishing.ModelBytes;
        Publisher = new ModelPublisher(
            Registry,
            Artifacts,
            validate ?? ((_, _, _) => Task.FromResult(Description)),
            adopt ?? ((_, _, _) => Task.CompletedTask),
            new StagingArea(publishing),
            publishing,
            NullLogger<ModelPublisher>.Instance);
        Jobs = new JobStore(Documents, Time, events);
        Recovery = new EventRecovery(Registry, Jobs, Deliveries, Time);
        Files = new JobFiles(client, Time);
        Sweeper = new RegistryGarbageCollector(Registry, Artifacts, Publisher, Jobs, Files, Schedules, Tokens, [], new GarbageCollectionOptions(), new RetentionOptions { Deleted = TimeSpan.FromDays(retentionDays) });
    }

    public string Account { get; }

    public TimeProvider Time { get; }

    public IDocumentStore Documents { get; }

    public IArtifactStore Artifacts { get; }

    public ModelRegistry Registry { get; }

    public ScheduleStore Schedules { get; }

    public TokenStore Tokens { get; }

    public AuditHistory History { get; }

    public WebhookStore Webhooks { get; }

    public DeliveryStore Deliveries { get; }

    public WebhookSecrets Secrets { get; }

    public EventRecovery Recovery { get; }

    public SettingsHistory Settings { get; }

    public ModelPublisher Publisher { get; }

    public JobStore Jobs { get; }

    public JobFiles Files { get; }

    public RegistryGarbageCollector Sweeper { get; }

    public string Staging => Path.Combine(_folder, "staging");

    public IReadOnlyList<string> Staged => Directory.Exists(Staging) ? Directory.GetFileSystemEntries(Staging) : [];

    public static string Sha256(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    public static MemoryStream Stream(string content) => new(Encoding.UTF8.GetBytes(content));

    public async Task<ModelVersion> PublishAsync(string name, string content = "bytes", PublishRequest? request = null) =>
        (await Publisher.PublishAsync(ModelName.Parse(name), Stream(content), request ?? new PublishRequest { Source = "upload" })).Version;

    /// <summary>Stages a model that names these files; those without content are missing.</summary>
    public Task<StagedFile> StageFilesAsync(string model, params (string Name, string? Content)[] files)
    {
        var options = new PublishingOptions { StagingFolder = Staging, ModelBytes = _modelBytes };
        var stager = new ModelStager(Publisher, new StagingArea(options), (_, _) => Task.FromResult<IReadOnlyCollection<string>>([.. files.Select(file => file.Name)]), options);
        return stager.StageAsync(
            Stream(model), "model.onnx", (name, _) => Task.FromResult<System.IO.Stream?>(files.First(file => file.Name == name).Content is { } content ? Stream(content) : null), CancellationToken.None);
    }

    public async Task<IReadOnlyList<int>> VersionsAsync(string name)
    {
        var numbers = new List<int>();
        string? cursor = null;
        do
        {
            var page = await Registry.ListVersionsAsync(ModelName.Parse(name), 100, cursor);
            numbers.AddRange(page.Items.Select(version => version.Version));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        return numbers;
    }

    public async Task<string?> ContentAsync(string sha256)
    {
        await using var stream = await Artifacts.OpenReadAsync(sha256);
        return stream is null ? null : await new StreamReader(stream).ReadToEndAsync();
    }

    public async Task<IReadOnlyList<ArtifactProperties>> ArtifactsAsync()
    {
        var all = new List<ArtifactProperties>();
        await foreach (var artifact in Artifacts.ListAsync())
            all.Add(artifact);
        return all;
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }
}
