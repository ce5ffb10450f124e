using System.Text.Json.Nodes;
using Larder.Functions.Tests.Backup;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Inference.Signatures;
using Larder.Inference.Validation;
using Larder.Registry.Audit;
using Larder.Registry.Backup;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;
using Larder.Testing.Onnx;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Functions.Tests.Chaos;

/// <summary>SIGKILL while a registry is exported, and while it is imported: what comes of it is whole.</summary>
public sealed class KilledBackupTests
{
    private static readonly int Kills = LongTests.Choose(brief: 2, full: 4);

    [Fact]
    public async Task An_export_whose_host_is_killed_again_and_again_is_the_one_of_a_host_that_was_not()
    {
        const int Models = 250;
        await using var azurite = await Azurite.StartAsync();
        var storage = azurite.ConnectionString;
        var documents = await TestStore.OpenAsync(storage);
        var artifacts = new BlobArtifactStore(BlobClients.Create(storage), TimeProvider.System);
        await FillAsync(documents, artifacts, Models, i => OnnxModel.Linear(classes: 2 + i % 50));
        var random = new Random(5);
        var (id, killedWhileRunning) = ("", 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var larder = await LarderProcess.StartAsync(storage);
            if (kill == 0)
                id = (string)(await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/admin/export")).Body["job"]!["id"]!;
            killedWhileRunning += await KillSomewhereAsync(larder, id, "export", random.Next(0, 200)) ? 1 : 0;
        }

        await using var survivor = await LarderProcess.StartAsync(storage);
        var job = await survivor.Client.EndOfAsync(id, () => survivor.Log);

        Assert.True((string)job["state"]! == "succeeded", $"{job}\n{survivor.Log}");
        Assert.True(killedWhileRunning >= 1, "The job was over too soon for this to say anything.");
        Assert.Equal(await ExportAsync(documents, artifacts), await survivor.Client.ArchiveOfAsync(job));
        Assert.Equal(Models, (int)job["metrics"]!["models"]!);
    }

    [Fact]
    public async Task An_import_whose_host_is_killed_again_and_again_ends_with_every_model_whole()
    {
        const int Models = 40;
        await using var azurite = await Azurite.StartAsync();
        var storage = azurite.ConnectionString;
        var (from, files) = (new BlobDocumentStore(BlobClients.Create(azurite.NewAccount())), new BlobArtifactStore(BlobClients.Create(azurite.NewAccount()), TimeProvider.System));
        await FillAsync(from, files, Models, i => OnnxModel.Linear(classes: 2 + i % 8));
        var archive = await ExportAsync(from, files);
        var documents = await TestStore.OpenAsync(storage);
        var artifacts = new BlobArtifactStore(BlobClients.Create(storage), TimeProvider.System);
        var registry = new ModelRegistry(documents, TimeProvider.System, new AuditLog(documents, NullLogger<AuditLog>.Instance));
        var random = new Random(6);
        var (id, killedWhileRunning) = ("", 0);
        string[] steps = ["check", "store", "register", "register"];
        for (var kill = 0; kill < steps.Length; kill++)
        {
            await using var larder = await LarderProcess.StartAsync(storage);
            if (kill == 0)
                id = (string)(await larder.Client.ImportAsync(archive)).Body["job"]!["id"]!;
            killedWhileRunning += await KillSomewhereAsync(larder, id, steps[kill], random.Next(0, 150)) ? 1 : 0;
            foreach (var model in (await registry.ListAsync(1000)).Items)
                Assert.Equal([1, 2], (await registry.ListVersionsAsync(model.Name, 10)).Items.Select(version => version.Version));
        }

        await using var survivor = await LarderProcess.StartAsync(storage);
        var job = await survivor.Client.EndOfAsync(id, () => survivor.Log);

        Assert.True((string)job["state"]! == "succeeded", $"{job}\n{survivor.Log}");
        Assert.True(killedWhileRunning >= 1, "The job was over too soon for this to say anything.");
        Assert.Equal(archive, await ExportAsync(documents, artifacts));
        Assert.Equal(200, (await survivor.Client.PredictAsync("model-7", """{"values":[1,2,3,4]}""")).Code);
    }

    /// <summary>Kills a host a moment after a job's step has begun; tells whether the job was at it.</summary>
    private static async Task<bool> KillSomewhereAsync(LarderProcess larder, string id, string step, int milliseconds)
    {
        JsonNode? job = null;
        await Eventually.TrueAsync(async () =>
        {
            job = (await larder.Client.GetJsonAsync($"/api/v1/jobs/{id}")).Body["job"]!;
            return IsOver(job) || job["steps"]!.AsArray().Any(begun => (string)begun!["name"]! == step);
        });
        await Task.Delay(milliseconds);
        job = (await larder.Client.GetJsonAsync($"/api/v1/jobs/{id}")).Body["job"]!;
        await larder.KillAsync();
        return !IsOver(job);
    }

    private static bool IsOver(JsonNode job) => (string)job["state"]! is not ("queued" or "running");

    private static async Task<byte[]> ExportAsync(IDocumentStore documents, IArtifactStore artifacts)
    {
        using var archive = new MemoryStream();
        await new RegistryExporter(documents, artifacts).ExportAsync(new WriteOnlyStream(archive), new ExportSelection(new NamePatterns([]), IncludeArtifacts: true));
        return archive.ToArray();
    }

    /// <summary>Publishes without HTTP, which would take minutes, what a host that validates would have published.</summary>
    private static async Task FillAsync(IDocumentStore documents, IArtifactStore artifacts, int models, Func<int, byte[]> content)
    {
        var folder = Directory.CreateTempSubdirectory("larder-fill-");
        try
        {
            var options = new PublishingOptions { StagingFolder = folder.FullName };
            var registry = new ModelRegistry(documents, TimeProvider.System, new AuditLog(documents, NullLogger<AuditLog>.Instance));
            await using var validator = new ModelValidator(new ValidationLimits());
            var known = new Dictionary<string, ModelDescription>();
            var publisher = new ModelPublisher(
                registry, artifacts, ValidateAsync, (_, _, _) => Task.CompletedTask, new StagingArea(options), options, NullLogger<ModelPublisher>.Instance);
            for (var i = 0; i < models; i++)
            {
                foreach (var j in new[] { i, i + 1 })
                    await publisher.PublishAsync(ModelName.Parse($"model-{i}"), new MemoryStream(content(j)), new PublishRequest { Source = "upload", FileName = "model.onnx" });
            }

            async Task<ModelDescription> ValidateAsync(StagedFile file, string caller, CancellationToken cancellationToken)
            {
                var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(file.Path, cancellationToken)));
                return known.TryGetValue(hash, out var description) ? description : known[hash] = await validator.ValidateAsync(file.Path, cancellationToken, caller);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
