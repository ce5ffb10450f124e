using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Registry.Tests.Jobs;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.GarbageCollection;

[Collection(AzuriteCollection.Name)]
public sealed class RegistryGarbageCollectorTests : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");

    private readonly string _account;
    private readonly Shop _shop;

    public RegistryGarbageCollectorTests(Azurite azurite)
    {
        _account = azurite.NewAccount();
        _shop = new Shop(_account);
    }

    // The clock of the storage account cannot be moved, so the sweeper's is.
    private static DateTimeOffset Tomorrow => DateTimeOffset.UtcNow + TimeSpan.FromHours(25);

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task What_a_version_names_stays_and_what_none_names_goes()
    {
        await _shop.PublishAsync("iris", "kept");
        await _shop.PublishAsync("iris", "deleted");
        await _shop.PublishAsync("iris", "shared");
        await _shop.PublishAsync("rose", "shared");
        await _shop.Registry.DeleteVersionAsync(Iris, 2);
        await _shop.Registry.DeleteVersionAsync(Iris, 3);
        await OrphanAsync("orphan");

        var report = await _shop.Sweeper.RunAsync(Tomorrow);

        Assert.Equal((2, 13L), (report.Artifacts, report.ArtifactBytes));
        Assert.Equal(
            new[] { Shop.Sha256("kept"), Shop.Sha256("shared") }.Order(), (await _shop.ArtifactsAsync()).Select(artifact => artifact.Sha256).Order());
        Assert.Equal("kept", await _shop.ContentAsync((await _shop.Registry.GetVersionAsync(Iris, 1)).Sha256));
        Assert.Equal("shared", await _shop.ContentAsync((await _shop.Registry.GetVersionAsync(ModelName.Parse("rose"), 1)).Sha256));
    }

    [Fact]
    public async Task Every_file_of_a_manifest_stays_as_long_as_its_version_and_a_folder_that_a_crash_left_goes()
    {
        await using var staged = await _shop.StageFilesAsync("main", ("a.bin", "aa"));
        await _shop.Publisher.PublishAsync(Iris, staged, new PublishRequest { Source = "upload" });
        await _shop.StageFilesAsync("left", ("a.bin", "aa"));

        var report = await _shop.Sweeper.RunAsync(Tomorrow);

        Assert.Equal((0, 2), (report.Artifacts, (await _shop.ArtifactsAsync()).Count));
        Assert.Empty(_shop.Staged);
        await _shop.Registry.DeleteVersionAsync(Iris, 1);
        Assert.Equal(0, (await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow)).Artifacts);
        Assert.Equal(2, (await _shop.Sweeper.RunAsync(Tomorrow)).Artifacts);
        Assert.Empty(await _shop.ArtifactsAsync());
    }

    [Fact]
    public async Task What_a_data_set_names_stays_until_neither_it_nor_a_job_does()
    {
        await OrphanAsync("rows");
        await OrphanAsync("orphan");
        var datasets = new DatasetStore(_shop.Documents);
        await datasets.PutAsync(new Dataset
        {
            Model = Iris, FileName = "rows.csv", Sha256 = Shop.Sha256("rows"), SizeBytes = 4, Job = JobId.Create(DateTimeOffset.UtcNow), Created = DateTimeOffset.UtcNow,
        });
        Assert.Equal(1, (await _shop.Sweeper.RunAsync(Tomorrow)).Artifacts);

        var job = await _shop.Jobs.CreateAsync(Sample.Job() with { Inputs = [new JobInput("dataset", "rows.csv", Shop.Sha256("rows"), 4)] });
        await datasets.DeleteAsync(Iris, "rows.csv");
        Assert.Equal(0, (await _shop.Sweeper.RunAsync(Tomorrow)).Artifacts);
        Assert.Equal("rows", await _shop.ContentAsync(Shop.Sha256("rows")));

        await _shop.Jobs.UpdateAsync(job.Id, found => found with { State = JobState.Succeeded });
        await _shop.Jobs.DeleteAsync(job.Id);
        Assert.Equal(1, (await _shop.Sweeper.RunAsync(Tomorrow)).Artifacts);
    }

    [Fact]
    public async Task An_orphan_younger_than_the_grace_period_stays()
    {
        await OrphanAsync("orphan");
        var report = await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromHours(23));
        Assert.Equal(0, report.Artifacts);
        Assert.Single(await _shop.ArtifactsAsync());
    }

    [Fact]
    public async Task An_orphan_that_is_published_again_while_it_is_being_swept_stays()
    {
        await OrphanAsync("wanted again");
        ModelVersion? published = null;
        var late = new PausedArtifactStore(_shop.Artifacts, beforeDelete: async () => published = await _shop.PublishAsync("iris", "wanted again"));
        using var sweeping = new Shop(_account, artifacts: _ => late);

        // The version is published after every version was read, just before the artifact goes: nothing names it, but it was touched.
        var report = await sweeping.Sweeper.RunAsync(Tomorrow);

        Assert.Equal(0, report.Artifacts);
        Assert.Equal("wanted again", await _shop.ContentAsync(published!.Sha256));
    }

    [Fact]
    public async Task A_publisher_who_comes_just_after_an_orphan_was_swept_stores_it_anew()
    {
        await OrphanAsync("wanted again");
        Assert.Equal(1, (await _shop.Sweeper.RunAsync(Tomorrow)).Artifacts);
        var published = await _shop.PublishAsync("iris", "wanted again");
        Assert.Equal("wanted again", await _shop.ContentAsync(published.Sha256));
    }

    [Fact]
    public async Task The_versions_of_a_deleted_model_go_and_the_new_ones_stay()
    {
        await _shop.PublishAsync("iris", "1");
        await _shop.PublishAsync("iris", "2");
        await _shop.Registry.DeleteModelAsync(Iris);
        await _shop.PublishAsync("iris", "3");

        var report = await _shop.Sweeper.RunAsync(Tomorrow);

        Assert.Equal((2, 2), (report.VersionDocuments, report.Artifacts));
        Assert.Equal([3], await _shop.VersionsAsync("iris"));
        var left = await _shop.Documents.ListAsync(ModelCollections.Versions, "iris", 10);
        Assert.Equal([ModelCollections.VersionId(3)], left.Documents.Select(document => document.Id));
        Assert.Equal("3", await _shop.ContentAsync((await _shop.Registry.GetVersionAsync(Iris, 3)).Sha256));
    }

    [Fact]
    public async Task A_version_that_is_just_being_published_is_left_to_its_publisher()
    {
        var store = new InterruptedDocumentStore(_shop.Documents);
        using var publisher = new Shop(_account, documents: _ => store);
        await _shop.PublishAsync("iris", "1");
        GarbageCollectionReport? report = null;
        IReadOnlyList<int>? seen = null;
        store.BeforeNextModelIsReplaced(async () =>
        {
            report = await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromHours(1));
            seen = await _shop.VersionsAsync("iris");
        });

        Assert.Equal(2, (await publisher.PublishAsync("iris", "2")).Version);

        Assert.Equal(0, report!.VersionsCommitted);
        Assert.Equal([1], seen);
        Assert.Equal([1, 2], await _shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task A_version_that_the_sweeper_counts_first_is_the_publishers_all_the_same()
    {
        var store = new InterruptedDocumentStore(_shop.Documents);
        using var publisher = new Shop(_account, documents: _ => store);
        await _shop.PublishAsync("iris", "1");
        store.BeforeNextModelIsReplaced(() => _shop.Sweeper.RunAsync(Tomorrow));

        var published = await publisher.PublishAsync("iris", "2", new PublishRequest { Source = "upload", ModelDescription = "patched" });

        Assert.Equal(2, published.Version);
        Assert.Equal([1, 2], await _shop.VersionsAsync("iris"));
        var model = await _shop.Registry.GetAsync(Iris);
        Assert.Equal("patched", model.Description);
        Assert.Single(model.Audit, entry => entry is { What: "publish", To: 2 });
    }

    [Fact]
    public async Task Two_sweepers_at_once_do_no_harm()
    {
        await _shop.PublishAsync("iris", "1");
        for (var i = 0; i < 20; i++)
            await OrphanAsync($"orphan {i}");

        var reports = await Task.WhenAll(_shop.Sweeper.RunAsync(Tomorrow), _shop.Sweeper.RunAsync(Tomorrow));

        Assert.Equal(20, reports.Sum(report => report.Artifacts));
        Assert.Equal(Shop.Sha256("1"), Assert.Single(await _shop.ArtifactsAsync()).Sha256);
    }

    [Fact]
    public async Task A_sweep_that_cannot_read_every_version_deletes_no_artifact()
    {
        await _shop.PublishAsync("iris", "1");
        await OrphanAsync("orphan");
        using var broken = new Shop(_account, documents: store => new NoScanOfVersions(store));

        await Assert.ThrowsAsync<StorageUnavailableException>(() => broken.Sweeper.RunAsync(Tomorrow));

        Assert.Equal(2, (await _shop.ArtifactsAsync()).Count);
    }

    [Fact]
    public async Task Local_files_of_uploads_that_crashed_go_and_those_of_others_stay()
    {
        await using var running = await _shop.Publisher.StageAsync(Shop.Stream("running"));
        var crashed = Path.Combine(_shop.Staging, "crashed.staged");
        await File.WriteAllTextAsync(crashed, "half a mod");
        File.SetLastWriteTimeUtc(crashed, DateTime.UtcNow - TimeSpan.FromHours(25));
        var foreign = Path.Combine(_shop.Staging, "notes.txt");
        await File.WriteAllTextAsync(foreign, "not ours");
        File.SetLastWriteTimeUtc(foreign, DateTime.UtcNow - TimeSpan.FromHours(25));

        var report = await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow);

        Assert.Equal(1, report.StagedFiles);
        Assert.False(File.Exists(crashed));
        Assert.True(File.Exists(running.Path));
        Assert.True(File.Exists(foreign));
    }

    [Fact]
    public async Task What_a_job_was_given_stays_until_the_job_is_deleted()
    {
        await OrphanAsync("script");
        var job = await _shop.Jobs.CreateAsync(Sample.Job() with { Inputs = [new JobInput("script", "train.py", Shop.Sha256("script"), 6)] });
        await OrphanAsync("orphan");

        Assert.Equal(1, (await _shop.Sweeper.RunAsync(Tomorrow)).Artifacts);
        Assert.Equal("script", await _shop.ContentAsync(Shop.Sha256("script")));

        await _shop.Jobs.UpdateAsync(job.Id, read => read with { State = JobState.Failed });
        await _shop.Jobs.DeleteAsync(job.Id);
        Assert.Equal(1, (await _shop.Sweeper.RunAsync(Tomorrow)).Artifacts);
    }

    [Fact]
    public async Task Files_of_jobs_that_are_not_there_go_and_those_of_others_and_of_new_ones_stay()
    {
        var job = await _shop.Jobs.CreateAsync(Sample.Job());
        var orphan = Sample.Job(1).Id;
        foreach (var id in new[] { job.Id, orphan })
        {
            await _shop.Files.CreateAsync(id);
            await _shop.Files.WriteAsync(id, "x", BinaryData.FromString("x"));
        }

        Assert.Equal(0, (await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow)).JobFolders);
        Assert.NotNull(await _shop.Files.ReadAsync(orphan, "x", 10));
        Assert.Equal(1, (await _shop.Sweeper.RunAsync(Tomorrow)).JobFolders);
        Assert.Null(await _shop.Files.ReadAsync(orphan, "x", 10));
        Assert.NotNull(await _shop.Files.ReadAsync(job.Id, "x", 10));
    }

    [Fact]
    public async Task Claims_of_publications_go_when_no_job_can_be_at_it_any_more()
    {
        await _shop.PublishAsync("iris", "1", new PublishRequest { Source = "train", IdempotencyKey = "key" });

        Assert.Equal(0, (await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromDays(89))).Publications);
        Assert.NotNull(await _shop.Registry.FindByKeyAsync(Iris, "key"));
        Assert.Equal(1, (await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromDays(91))).Publications);
        Assert.Equal([1], await _shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task What_came_with_a_version_stays_as_long_as_the_version()
    {
        await OrphanAsync("card");
        var card = new VersionFile(VersionFile.Card, Shop.Sha256("card"), 4);
        await _shop.PublishAsync("iris", "1", new PublishRequest { Source = "upload", Files = [card], Labels = ["setosa"] });

        Assert.Equal(0, (await _shop.Sweeper.RunAsync(Tomorrow)).Artifacts);
        var version = await _shop.Registry.GetVersionAsync(Iris, 1);
        Assert.Equal((card, "setosa"), (Assert.Single(version.Files), Assert.Single(version.Labels)));
        await _shop.Registry.DeleteVersionAsync(Iris, 1);

        Assert.Equal(2, (await _shop.Sweeper.RunAsync(Tomorrow)).Artifacts);
        Assert.Null(await _shop.ContentAsync(card.Sha256));
    }

    [Fact]
    public async Task A_sweep_of_nothing_does_nothing()
    {
        Assert.Equal(new GarbageCollectionReport(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), await _shop.Sweeper.RunAsync(Tomorrow));
    }

    private async Task OrphanAsync(string content)
    {
        await using var staged = await _shop.Publisher.StageAsync(Shop.Stream(content));
        await _shop.Artifacts.PutAsync(staged.Path, staged.Sha256);
    }

    private sealed class PausedArtifactStore(IArtifactStore store, Func<Task> beforeDelete) : IArtifactStore
    {
        public Task<bool> PutAsync(string path, string sha256, CancellationToken cancellationToken) => store.PutAsync(path, sha256, cancellationToken);

        public Task<bool> PutAsync(Func<Task<Stream>> open, string sha256, CancellationToken cancellationToken) => store.PutAsync(open, sha256, cancellationToken);

        public Task<Stream?> OpenReadAsync(string sha256, long offset, long? length, CancellationToken cancellationToken) =>
            store.OpenReadAsync(sha256, offset, length, cancellationToken);

        public Task<ArtifactProperties?> GetPropertiesAsync(string sha256, CancellationToken cancellationToken) =>
            store.GetPropertiesAsync(sha256, cancellationToken);

        public IAsyncEnumerable<ArtifactProperties> ListAsync(CancellationToken cancellationToken) => store.ListAsync(cancellationToken);

        public Task<bool> TouchAsync(string sha256, CancellationToken cancellationToken) => store.TouchAsync(sha256, cancellationToken);

        public Task<Uri> GetReadUrlAsync(string sha256, TimeSpan life, CancellationToken cancellationToken) =>
            store.GetReadUrlAsync(sha256, life, cancellationToken);

        public async Task<bool> DeleteAsync(ArtifactProperties seen, CancellationToken cancellationToken)
        {
            await beforeDelete();
            return await store.DeleteAsync(seen, cancellationToken);
        }
    }

    private sealed class NoScanOfVersions(IDocumentStore store) : DocumentStoreWrapper(store)
    {
        public override Task<DocumentPage<T>> ScanAsync<T>(
            DocumentCollection<T> collection, int limit, string? continuation, CancellationToken cancellationToken) =>
            collection.Name == "versions"
                ? throw new StorageUnavailableException("The storage account does not answer.")
                : base.ScanAsync(collection, limit, continuation, cancellationToken);
    }
}
