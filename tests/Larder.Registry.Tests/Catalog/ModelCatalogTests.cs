using Larder.Registry.Catalog;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Tests.Testing;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Registry.Tests.Catalog;

[Collection(AzuriteCollection.Name)]
public sealed class ModelCatalogTests : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    private static readonly CatalogOptions Options = new();

    private readonly string _account;
    private readonly ManualTime _time = new();
    private readonly WatchedDocumentStore _store;
    private readonly Shop _here;
    private readonly Shop _elsewhere;
    private readonly ModelCatalog _catalog;

    public ModelCatalogTests(Azurite azurite)
    {
        _account = azurite.NewAccount();
        _elsewhere = new Shop(_account);
        _store = new WatchedDocumentStore(_elsewhere.Documents);
        _here = new Shop(_account, documents: _ => _store);
        _catalog = Open(Options);
    }

    public void Dispose()
    {
        _catalog.Dispose();
        _here.Dispose();
        _elsewhere.Dispose();
    }

    [Fact]
    public async Task A_reference_is_read_once_and_then_known()
    {
        await _elsewhere.PublishAsync("iris", "1");
        await _elsewhere.PublishAsync("iris", "2");
        await _elsewhere.Registry.SetAliasAsync(Iris, "champion", 1);

        foreach (var (reference, version) in new[] { ("iris", 2), ("iris:1", 1), ("iris:champion", 1), ("iris:default", 2) })
        {
            var before = _store.ModelReads;
            var first = await _catalog.ResolveAsync(reference);
            var second = await _catalog.ResolveAsync(reference);
            Assert.Equal(version, first.Version.Version);
            Assert.Same(first, second);
            Assert.Equal(1, _store.ModelReads - before);
        }
    }

    [Fact]
    public async Task A_known_reference_is_answered_at_once_and_without_allocating()
    {
        await _elsewhere.PublishAsync("iris");
        await _catalog.ResolveAsync("iris");
        for (var i = 0; i < 100; i++)
            Assert.True(_catalog.ResolveAsync("iris").IsCompletedSuccessfully);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var completed = 0;
        for (var i = 0; i < 1000; i++)
            completed += _catalog.ResolveAsync("iris").IsCompletedSuccessfully ? 1 : 0;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal((1000, 0), (completed, allocated));
    }

    [Fact]
    public async Task Many_who_ask_at_once_cause_one_read()
    {
        await _elsewhere.PublishAsync("iris");
        var gate = _store.HoldModels();

        var asked = Enumerable.Range(0, 50).Select(_ => _catalog.ResolveAsync("iris").AsTask()).ToList();
        await UntilAsync(() => _store.ModelReads == 1);
        gate.SetResult();
        var answers = await Task.WhenAll(asked);

        Assert.Single(answers.Distinct());
        Assert.Equal(1, _store.ModelReads);
    }

    [Fact]
    public async Task An_answer_that_is_no_longer_fresh_is_given_and_read_again_behind_the_back()
    {
        await _elsewhere.PublishAsync("iris", "1");
        await _catalog.ResolveAsync("iris");
        await _elsewhere.PublishAsync("iris", "2");
        _time.Advance(Options.SoftTtl - TimeSpan.FromTicks(1));
        Assert.Equal(1, (await _catalog.ResolveAsync("iris")).Version.Version);
        Assert.Equal(1, _store.ModelReads);

        _time.Advance(TimeSpan.FromTicks(1));
        var gate = _store.HoldModels();
        for (var i = 0; i < 10; i++)
        {
            var stale = _catalog.ResolveAsync("iris");
            Assert.True(stale.IsCompletedSuccessfully);
            Assert.Equal(1, (await stale).Version.Version);
        }

        gate.SetResult();
        await UntilAsync(async () => (await _catalog.ResolveAsync("iris")).Version.Version == 2);
        Assert.Equal(2, _store.ModelReads);
    }

    [Fact]
    public async Task What_another_host_put_in_its_place_answers_once_it_is_loaded()
    {
        var warming = new TaskCompletionSource<string>();
        var loaded = new TaskCompletionSource();
        using var catalog = new ModelCatalog(_here.Registry, Options, _time, NullLogger<ModelCatalog>.Instance, (models, _) =>
        {
            warming.SetResult(Assert.Single(models).Version);
            return loaded.Task;
        });
        await _elsewhere.PublishAsync("iris", "1");
        await catalog.ResolveAsync("iris");
        _time.Advance(Options.SoftTtl);
        await _elsewhere.PublishAsync("iris", "2");

        Assert.Equal(1, (await catalog.ResolveAsync("iris")).Version.Version);
        Assert.Equal("2", await warming.Task);
        Assert.Equal(1, (await catalog.ResolveAsync("iris")).Version.Version);
        loaded.SetResult();
        await UntilAsync(async () => (await catalog.ResolveAsync("iris")).Version.Version == 2);
    }

    [Fact]
    public async Task Nothing_is_loaded_for_a_model_that_did_not_change_or_was_not_known()
    {
        var warmed = 0;
        using var catalog = new ModelCatalog(_here.Registry, Options, _time, NullLogger<ModelCatalog>.Instance, (_, _) =>
        {
            warmed++;
            return Task.CompletedTask;
        });
        await _elsewhere.PublishAsync("iris");
        await catalog.ResolveAsync("iris");
        var reads = _store.ModelReads;
        _time.Advance(Options.HardTtl);
        await catalog.ResolveAsync("iris");

        Assert.Equal((reads + 1, 0), (_store.ModelReads, warmed));
    }

    [Fact]
    public async Task The_latest_references_are_those_that_requests_came_for_last()
    {
        await _elsewhere.PublishAsync("iris");
        foreach (var reference in new[] { "iris", "iris:1", "iris:default" })
        {
            await _catalog.ResolveAsync(reference);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["iris:default", "iris:1"], _catalog.Latest(2));
    }

    [Fact]
    public async Task An_answer_that_is_too_old_is_read_again_first()
    {
        await _elsewhere.PublishAsync("iris", "1");
        await _catalog.ResolveAsync("iris");
        await _elsewhere.PublishAsync("iris", "2");
        _time.Advance(Options.HardTtl);
        Assert.Equal(2, (await _catalog.ResolveAsync("iris")).Version.Version);
    }

    [Fact]
    public async Task What_this_process_writes_is_seen_by_the_very_next_request()
    {
        await _here.PublishAsync("iris", "1");
        Assert.Equal(1, (await _catalog.ResolveAsync("iris")).Version.Version);
        Assert.Equal(1, (await _catalog.ResolveAsync("iris:default")).Version.Version);

        await _here.PublishAsync("iris", "2");
        Assert.Equal(2, (await _catalog.ResolveAsync("iris")).Version.Version);
        Assert.Equal(2, (await _catalog.ResolveAsync("iris:default")).Version.Version);

        await _here.Registry.SetAliasAsync(Iris, "champion", 1);
        Assert.Equal(1, (await _catalog.ResolveAsync("iris:champion")).Version.Version);
        await _here.Registry.SetAliasAsync(Iris, "champion", 2);
        Assert.Equal(2, (await _catalog.ResolveAsync("iris:champion")).Version.Version);

        await _here.Registry.SetDefaultAsync(Iris, 1);
        Assert.Equal(1, (await _catalog.ResolveAsync("iris")).Version.Version);

        await _here.Registry.UpdateAsync(Iris, new ModelPatch { Description = "new" });
        Assert.Equal("new", (await _catalog.ResolveAsync("iris")).Model.Description);

        await _here.Registry.DeleteVersionAsync(Iris, 1, force: true);
        Assert.Equal(2, (await _catalog.ResolveAsync("iris")).Version.Version);

        await _here.Registry.DeleteModelAsync(Iris, force: true);
        await Assert.ThrowsAsync<NotFoundException>(async () => await _catalog.ResolveAsync("iris"));
        await Assert.ThrowsAsync<NotFoundException>(async () => await _catalog.ResolveAsync("iris:2"));
    }

    [Fact]
    public async Task A_change_of_one_model_leaves_its_neighbours_known()
    {
        foreach (var name in new[] { "iris", "iris2", "iri" })
        {
            await _here.PublishAsync(name);
            await _catalog.ResolveAsync(name);
        }

        var before = _store.ModelReads;
        _catalog.Invalidate(Iris);
        await _catalog.ResolveAsync("iris2");
        await _catalog.ResolveAsync("iri");
        Assert.Equal(before, _store.ModelReads);
        await _catalog.ResolveAsync("iris");
        Assert.Equal(before + 1, _store.ModelReads);
    }

    [Fact]
    public async Task A_read_that_began_before_a_write_does_not_hide_it()
    {
        await _here.PublishAsync("iris", "1");
        var reads = _store.ModelReads;
        var gate = _store.HoldModels();
        var early = _catalog.ResolveAsync("iris").AsTask();
        await UntilAsync(() => _store.ModelReads > reads);

        // The early one has read version 1 and is on its way back.
        await _elsewhere.PublishAsync("iris", "2");
        _catalog.Invalidate(Iris);
        var late = _catalog.ResolveAsync("iris").AsTask();
        gate.SetResult();

        await early;
        Assert.Equal(2, (await late).Version.Version);
        Assert.Equal(2, (await _catalog.ResolveAsync("iris")).Version.Version);
    }

    [Fact]
    public async Task A_model_that_another_host_deleted_stops_resolving()
    {
        await _elsewhere.PublishAsync("iris");
        await _catalog.ResolveAsync("iris");
        await _elsewhere.Registry.DeleteModelAsync(Iris);

        _time.Advance(Options.SoftTtl);
        await _catalog.ResolveAsync("iris");
        await UntilAsync(async () =>
        {
            try
            {
                await _catalog.ResolveAsync("iris");
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
            await Assert.ThrowsAsync<NotFoundException>(async () => await _catalog.ResolveAsync("rose"));
        Assert.Equal(1, _store.ModelReads);

        await _elsewhere.PublishAsync("rose");
        _time.Advance(Options.NegativeTtl);
        Assert.Equal(1, (await _catalog.ResolveAsync("rose")).Version.Version);
    }

    [Fact]
    public async Task What_did_not_exist_is_found_as_soon_as_this_process_publishes_it()
    {
        await Assert.ThrowsAsync<NotFoundException>(async () => await _catalog.ResolveAsync("rose"));
        await _here.PublishAsync("rose");
        Assert.Equal(1, (await _catalog.ResolveAsync("rose")).Version.Version);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("iris:")]
    [InlineData("information")]
    public async Task What_is_no_reference_is_refused_without_a_read(string reference)
    {
        await Assert.ThrowsAsync<InvalidRequestException>(async () => await _catalog.ResolveAsync(reference));
        Assert.Equal(0, _store.ModelReads);
    }

    [Fact]
    public async Task During_an_outage_what_is_known_is_served_however_old()
    {
        await _elsewhere.PublishAsync("iris");
        var before = await _catalog.ResolveAsync("iris");
        _store.IsDown = true;

        _time.Advance(Options.HardTtl + Options.HardTtl);
        Assert.Same(before, await _catalog.ResolveAsync("iris"));
        Assert.True(_catalog.ResolveAsync("iris").IsCompletedSuccessfully);
        await Assert.ThrowsAsync<StorageUnavailableException>(async () => await _catalog.ResolveAsync("rose"));

        _store.IsDown = false;
        await _elsewhere.PublishAsync("iris", "2");
        _time.Advance(Options.HardTtl);
        Assert.Equal(2, (await _catalog.ResolveAsync("iris")).Version.Version);
    }

    [Fact]
    public async Task Whoever_stops_waiting_does_not_stop_the_others()
    {
        await _elsewhere.PublishAsync("iris");
        var gate = _store.HoldModels();
        using var cancel = new CancellationTokenSource();
        var impatient = _catalog.ResolveAsync("iris", cancel.Token).AsTask();
        var waiting = _catalog.ResolveAsync("iris").AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        gate.SetResult();

        Assert.Equal(1, (await waiting).Version.Version);
    }

    [Fact]
    public async Task It_remembers_a_bounded_number_of_references()
    {
        using var small = Open(Options with { MaxReferences = 4 });
        for (var i = 0; i < 10; i++)
            await _elsewhere.PublishAsync("iris", $"{i}");

        for (var round = 0; round < 2; round++)
        {
            for (var version = 1; version <= 10; version++)
                Assert.Equal(version, (await small.ResolveAsync($"iris:{version}")).Version.Version);
        }

        // With room for all of them the second round would need no read.
        Assert.InRange(_store.ModelReads, 11, 20);
        for (var i = 0; i < 10; i++)
            await Assert.ThrowsAsync<NotFoundException>(async () => await small.ResolveAsync($"rose{i}"));
    }

    private static async Task UntilAsync(Func<bool> condition) => await UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
            await Task.Delay(5, timeout.Token);
    }

    private ModelCatalog Open(CatalogOptions options) => new(_here.Registry, options, _time, NullLogger<ModelCatalog>.Instance);
}
