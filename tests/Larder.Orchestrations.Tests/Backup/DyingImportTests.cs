using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Tests.Schedules;
using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Backup;

/// <summary>Hosts that crash while they import, garbage collectors and publishers that run in between.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class DyingImportTests(Azurite azurite)
{
    private static readonly ModelName Busy = ModelName.Parse("busy");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whenever_the_host_dies_each_model_is_there_whole_or_not_at_all_and_the_next_try_finishes(bool afterwards)
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        await from.PublishAsync("a", "one");
        await from.PublishAsync("a", "two");
        await from.Registry.SetAliasAsync(ModelName.Parse("a"), "champion", 1);
        await from.PublishAsync("b", "one");
        await from.PublishAsync("c", "three");
        await from.Registry.DeleteModelAsync(ModelName.Parse("c"));
        await from.Schedules.CreateAsync(RichRegistry.Schedule("0000000000000001", "a"), "tester");
        var archive = await from.ExportAsync();
        var survived = false;
        for (var call = 1; !survived; call++)
        {
            using var to = Depot.OnBlobs(azurite.NewAccount());
            var life = new CrashPoint(call, afterwards);
            using var dying = to.Through(store => new CrashingDocumentStore(store, life));
            survived = await SurvivesAsync(() => dying.ImportAsync(archive));
            if (survived)
                Assert.True(call > 20, $"It made {call} calls only.");

            foreach (var model in (await to.Registry.ListAsync(10)).Items)
            {
                var versions = (await to.Registry.ListVersionsAsync(model.Name, 10)).Items.Select(version => version.Version);
                Assert.Equal(model.Name == "a" ? [1, 2] : [1], versions);
            }

            // A sweep in between takes nothing that the next try needs: the job is not over.
            if (call % 5 == 0)
            {
                await BeginJobAsync(to);
                await to.Sweeper.RunAsync(DateTimeOffset.UtcNow.AddDays(2));
            }

            await to.ImportAsync(archive);
            Assert.Equal(archive, await to.ExportAsync());
        }
    }

    [Fact]
    public async Task A_sweep_in_the_middle_leaves_what_the_import_has_written()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        await from.PublishAsync("a", "one");
        await from.PublishAsync("a", "two");
        var archive = await from.ExportAsync();
        using var to = Depot.OnBlobs(azurite.NewAccount());
        await BeginJobAsync(to);
        var swept = 0;
        using var watched = to.Through(store => new SweptStore(store, async () =>
        {
            await to.Sweeper.RunAsync(DateTimeOffset.UtcNow);
            Assert.Empty((await to.Registry.ListAsync(10)).Items);
            swept++;
        }));

        await watched.ImportAsync(archive);

        Assert.Equal(2, swept);
        Assert.Equal(archive, await to.ExportAsync());
    }

    [Fact]
    public async Task What_an_import_that_failed_for_good_has_left_is_swept_and_the_name_can_be_used()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        await from.PublishAsync("a", "one");
        await from.PublishAsync("a", "two");
        var archive = await from.ExportAsync();
        using var to = Depot.OnBlobs(azurite.NewAccount());
        using var dying = to.Through(store => new SweptStore(store, () => throw new CrashPoint.DeadException()));
        Assert.False(await SurvivesAsync(() => dying.ImportAsync(archive)));

        // There is no such job.
        var report = await to.Sweeper.RunAsync(DateTimeOffset.UtcNow);

        Assert.Equal(1, report.VersionDocuments);
        Assert.Equal(3, (await to.PublishAsync("a", "mine")).Version);
        Assert.Contains("a: it exists here with other content", (await Assert.ThrowsAsync<ConflictException>(() => to.PlanAsync(archive))).Message);
    }

    [Fact]
    public async Task Who_publishes_a_model_while_it_is_imported_wins_and_the_import_says_so()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        await from.PublishAsync("a", "one");
        var archive = await from.ExportAsync();
        using var to = Depot.OnBlobs(azurite.NewAccount());
        using var late = to.Through(store => new SweptStore(store, async () => Assert.Equal(2, (await to.PublishAsync("a", "mine")).Version)));

        var imported = await late.ImportAsync(archive);

        Assert.Equal(ImportOutcome.Failed, Assert.Single(imported).Outcome);
        Assert.Equal([2], (await to.Registry.ListVersionsAsync(ModelName.Parse("a"), 10)).Items.Select(version => version.Version));
    }

    [Fact]
    public async Task An_export_has_each_model_as_it_was_at_one_moment_while_others_publish_and_delete()
    {
        using var depot = Depot.OnBlobs(azurite.NewAccount());
        for (var version = 0; version < 10; version++)
            await depot.PublishAsync("busy", $"{version}");
        using var stop = new CancellationTokenSource();
        var busy = Task.Run(async () =>
        {
            for (var round = 10; !stop.IsCancellationRequested; round++)
            {
                var made = await depot.PublishAsync("busy", $"{round}");
                await depot.Registry.SetAliasAsync(Busy, "newest", made.Version);
                await depot.Registry.DeleteVersionAsync(Busy, made.Version - 9);
            }
        });
        for (var i = 0; i < 20; i++)
        {
            // What is not whole is refused; between publishing and deleting there are eleven.
            using var to = Depot.OnBlobs(azurite.NewAccount());
            await to.ImportAsync(await depot.ExportAsync());
            var versions = (await to.Registry.ListVersionsAsync(Busy, 1000)).Items;
            Assert.InRange(versions.Count, 10, 11);
            Assert.Equal(versions[^1].Version, (await to.Registry.GetAsync(Busy)).LatestVersion);
        }

        await stop.CancelAsync();
        await busy;
    }

    private static Task BeginJobAsync(Depot depot) => depot.Jobs.CreateAsync(new Job
    {
        Id = Depot.Job,
        Type = ImportJob.Type,
        Model = ExportJob.AllModels,
        State = JobState.Running,
        Created = DateTimeOffset.UtcNow,
    });

    private static async Task<bool> SurvivesAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (CrashPoint.DeadException)
        {
            return false;
        }
    }

    /// <summary>A store in which something happens whenever a version was created.</summary>
    private sealed class SweptStore(IDocumentStore store, Func<Task> act) : IDocumentStore
    {
        public Task<Document<T>?> GetAsync<T>(DocumentCollection<T> collection, string partition, string id, CancellationToken cancellationToken) =>
            store.GetAsync(collection, partition, id, cancellationToken);

        public async Task<string> CreateAsync<T>(DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken)
        {
            var etag = await store.CreateAsync(collection, partition, id, value, cancellationToken);
            if (collection.Name == "versions")
                await act();
            return etag;
        }

        public Task<string> ReplaceAsync<T>(DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellationToken) =>
            store.ReplaceAsync(collection, partition, id, value, etag, cancellationToken);

        public Task<bool> DeleteAsync<T>(DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellationToken) =>
            store.DeleteAsync(collection, partition, id, etag, cancellationToken);

        public Task<DocumentPage<T>> ListAsync<T>(DocumentCollection<T> collection, string partition, int limit, string? continuation, CancellationToken cancellationToken) =>
            store.ListAsync(collection, partition, limit, continuation, cancellationToken);

        public Task<DocumentPage<T>> ScanAsync<T>(DocumentCollection<T> collection, int limit, string? continuation, CancellationToken cancellationToken) =>
            store.ScanAsync(collection, limit, continuation, cancellationToken);
    }
}
