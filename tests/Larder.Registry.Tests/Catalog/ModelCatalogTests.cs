using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Registry.Tests;

[Collection(AzuriteCollection.Name)]
public sealed class ModelCatalogTests : IDisposable
{
    private static readonly CatalogOptions Options = new();

    private readonly string account;
    private readonly ManualTime time = new();
    private readonly WatchedDocumentStore store;
    private readonly Shop here;
    private readonly Shop elsewhere;
    private readonly ModelCatalog catalog;

    public ModelCatalogTests(Azurite azurite)
    {
        account = azurite.NewAccount();
        elsewhere = new Shop(account);
        store = new WatchedDocumentStore(elsewhere.Documents);
        here = new Shop(account, documents: _ => store);
        catalog = Open(Options);
    }

    public void Dispose()
    {
        catalog.Dispose();
        here.Dispose();
        elsewhere.Dispose();
    }

    [Fact]
    public async Task A_reference_is_read_once_and_then_known()
    {
        await elsewhere.PublishAsync("iris", "1");
        await elsewhere.PublishAsync("iris", "2");
        await elsewhere.Registry.SetAliasAsync("iris", "champion", 1);

        foreach (var (reference, version) in new[] { ("iris", 2), ("iris:1", 1), ("iris:champion", 1), ("iris:default", 2) })
        {
            var before = store.ModelReads;
            var first = await catalog.ResolveAsync(reference);
            var second = await catalog.ResolveAsync(reference);
            Assert.Equal(version, first.Version.Version);
            Assert.Same(first, second);
            Assert.Equal(1, store.ModelReads - before);
        }
    }

    [Fact]
    public async Task A_known_reference_is_answered_at_once_and_without_allocating()
    {
        await elsewhere.PublishAsync("iris");
        await catalog.ResolveAsync("iris");
        for (var i = 0; i < 100; i++)
            Assert.True(catalog.ResolveAsync("iris").IsCompletedSuccessfully);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var completed = 0;
        for (var i = 0; i < 1000; i++)
            completed += catalog.ResolveAsync("iris").IsCompletedSuccessfully ? 1 : 0;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal((1000, 0), (completed, allocated));
    }

    [Fact]
    public async Task Many_who_ask_at_once_cause_one_read()
    {
        await elsewhere.PublishAsync("iris");
        var gate = store.HoldModels();

        var asked = Enumerable.Range(0, 50).Select(_ => catalog.ResolveAsync("iris").AsTask()).ToList();
        await UntilAsync(() => store.ModelReads == 1);
        gate.SetResult();
        var answers = await Task.WhenAll(asked);

        Assert.Single(answers.Distinct());
        Assert.Equal(1, store.ModelReads);
    }

    [Fact]
    public async Task An_answer_that_is_no_longer_fresh_is_given_and_read_again_behind_the_back()
    {
        await elsewhere.PublishAsync("iris", "1");
        await catalog.ResolveAsync("iris");
        await elsewhere.PublishAsync("iris", "2");
        time.Advance(Options.Fresh - TimeSpan.FromTicks(1));
        Assert.Equal(1, (await catalog.ResolveAsync("iris")).Version.Version);
        Assert.Equal(1, store.ModelReads);

        time.Advance(TimeSpan.FromTicks(1));
        var gate = store.HoldModels();
        for (var i = 0; i < 10; i++)
        {
            var stale = catalog.ResolveAsync("iris");
            Assert.True(stale.IsCompletedSuccessfully);
            Assert.Equal(1, (await stale).Version.Version);
        }

        gate.SetResult();
        await UntilAsync(async () => (await catalog.ResolveAsync("iris")).Version.Version == 2);
        Assert.Equal(2, store.ModelReads);
    }

    [Fact]
    public async Task An_answer_that_is_too_old_is_read_again_first()
    {
        await elsewhere.PublishAsync("iris", "1");
        await catalog.ResolveAsync("iris");
        await elsewhere.PublishAsync("iris", "2");
        time.Advance(Options.Usable);
        Assert.Equal(2, (await catalog.ResolveAsync("iris")).Version.Version);
    }

    [Fact]
    public async Task What_this_process_writes_is_seen_by_the_very_next_request()
    {
        await here.PublishAsync("iris", "1");
        Assert.Equal(1, (await catalog.ResolveAsync("iris")).Version.Version);
        Assert.Equal(1, (await catalog.ResolveAsync("iris:default")).Version.Version);

        await here.PublishAsync("iris", "2");
        Assert.Equal(2, (await catalog.ResolveAsync("iris")).Version.Version);
        Assert.Equal(2, (await catalog.ResolveAsync("iris:default")).Version.Version);

        await here.Registry.SetAliasAsync("iris", "champion", 1);
        Assert.Equal(1, (await catalog.ResolveAsync("iris:champion")).Version.Version);
        await here.Registry.SetAliasAsync("iris", "champion", 2);
        Assert.Equal(2, (await catalog.ResolveAsync("iris:champion")).Version.Version);

        await here.Registry.SetDefaultAsync("iris", 1);
        Assert.Equal(1, (await catalog.ResolveAsync("iris")).Version.Version);

        await here.Registry.UpdateAsync("iris", new ModelPatch { Description = "new" });
        Assert.Equal("new", (await catalog.ResolveAsync("iris")).Model.Description);

        await here.Registry.DeleteVersionAsync("iris", 1);
        Assert.Equal(2, (await catalog.ResolveAsync("iris")).Version.Version);

        await here.Registry.DeleteModelAsync("iris", force: true);
        await Assert.ThrowsAsync<NotFoundException>(async () => await catalog.ResolveAsync("iris"));
        await Assert.ThrowsAsync<NotFoundException>(async () => await catalog.ResolveAsync("iris:2"));
    }

    [Fact]
    public async Task A_change_of_one_model_leaves_its_neighbours_known()
    {
        foreach (var name in new[] { "iris", "iris2", "iri" })
        {
            await here.PublishAsync(name);
            await catalog.ResolveAsync(name);
        }

        var before = store.ModelReads;
        catalog.Invalidate("iris");
        await catalog.ResolveAsync("iris2");
        await catalog.ResolveAsync("iri");
        Assert.Equal(before, store.ModelReads);
        await catalog.ResolveAsync("iris");
        Assert.Equal(before + 1, store.ModelReads);
    }

    [Fact]
    public async Task A_read_that_began_before_a_write_does_not_hide_it()
    {
        await here.PublishAsync("iris", "1");
        var reads = store.ModelReads;
        var gate = store.HoldModels();
        var early = catalog.ResolveAsync("iris").AsTask();
        await UntilAsync(() => store.ModelReads > reads);

        // The early one has read version 1 and is on its way back.
        await elsewhere.PublishAsync("iris", "2");
        catalog.Invalidate("iris");
        var late = catalog.ResolveAsync("iris").AsTask();
        gate.SetResult();

        await early;
        Assert.Equal(2, (await late).Version.Version);
        Assert.Equal(2, (await catalog.ResolveAsync("iris")).Version.Version);
    }

    [Fact]
    public async Task A_model_that_another_host_deleted_stops_resolving()
    {
        await elsewhere.PublishAsync("iris");
        await catalog.ResolveAsync("iris");
        await elsewhere.Registry.DeleteModelAsync("iris");

        time.Advance(Options.Fresh);
        await catalog.ResolveAsync("iris");
        await UntilAsync(async () =>
        {
            try
            {
                await catalog.ResolveAsync("iris");
                return false;
            }
            catch (NotFoundException)
            {
                return true;
            }
        });
    }

    [Fact]
    public async Task What_does_not_exist_is_not_asked_for_again_and_again()
    {
        for (var i = 0; i < 5; i++)
            await Assert.ThrowsAsync<NotFoundException>(async () => await catalog.ResolveAsync("rose"));
        Assert.Equal(1, store.ModelReads);

        await elsewhere.PublishAsync("rose");
        time.Advance(Options.Missing);
        Assert.Equal(1, (await catalog.ResolveAsync("rose")).Version.Version);
    }

    [Fact]
    public async Task What_did_not_exist_is_found_as_soon_as_this_process_publishes_it()
    {
        await Assert.ThrowsAsync<NotFoundException>(async () => await catalog.ResolveAsync("rose"));
        await here.PublishAsync("rose");
        Assert.Equal(1, (await catalog.ResolveAsync("rose")).Version.Version);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("iris:")]
    [InlineData("information")]
    public async Task What_is_no_reference_is_refused_without_a_read(string reference)
    {
        await Assert.ThrowsAsync<InvalidRequestException>(async () => await catalog.ResolveAsync(reference));
        Assert.Equal(0, store.ModelReads);
    }

    [Fact]
    public async Task During_an_outage_what_is_known_is_served_however_old()
    {
        await elsewhere.PublishAsync("iris");
        var before = await catalog.ResolveAsync("iris");
        store.IsDown = true;

        time.Advance(Options.Usable + Options.Usable);
        Assert.Same(before, await catalog.ResolveAsync("iris"));
        Assert.True(catalog.ResolveAsync("iris").IsCompletedSuccessfully);
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await catalog.ResolveAsync("rose"));

        store.IsDown = false;
        await elsewhere.PublishAsync("iris", "2");
        time.Advance(Options.Usable);
        Assert.Equal(2, (await catalog.ResolveAsync("iris")).Version.Version);
    }

    [Fact]
    public async Task Whoever_stops_waiting_does_not_stop_the_others()
    {
        await elsewhere.PublishAsync("iris");
        var gate = store.HoldModels();
        using var cancel = new CancellationTokenSource();
        var impatient = catalog.ResolveAsync("iris", cancel.Token).AsTask();
        var patient = catalog.ResolveAsync("iris").AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        gate.SetResult();

        Assert.Equal(1, (await patient).Version.Version);
    }

    [Fact]
    public async Task It_remembers_a_bounded_number_of_references()
    {
        using var small = Open(Options with { MaxReferences = 4 });
        for (var i = 0; i < 10; i++)
            await elsewhere.PublishAsync("iris", $"{i}");

        for (var round = 0; round < 2; round++)
        {
            for (var version = 1; version <= 10; version++)
                Assert.Equal(version, (await small.ResolveAsync($"iris:{version}")).Version.Version);
        }

        // With room for all of them the second round would need no read.
        Assert.InRange(store.ModelReads, 11, 20);
        for (var i = 0; i < 10; i++)
            await Assert.ThrowsAsync<NotFoundException>(async () => await small.ResolveAsync($"rose{i}"));
    }

    private static async Task UntilAsync(Func<bool> condition) => await UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
            await Task.Delay(5);
    }

    private ModelCatalog Open(CatalogOptions options) => new(here.Registry, options, time, NullLogger<ModelCatalog>.Instance);
}
