using System.Text.Json;
using Azure.Storage.Blobs;
using Larder.Inference.Settings;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Storage;
using Larder.Registry.Tests.Testing;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Registry.Tests.Audit;

/// <summary>What is recorded of changes, and how it is read.</summary>
public sealed class AuditTests(Azurite azurite) : IClassFixture<Azurite>, IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");

    private readonly ManualTime _time = new();
    private readonly string _account = azurite.NewAccount();
    private Shop? _opened;

    private Shop Shop => _opened ??= new Shop(_account, _time);

    [Fact]
    public async Task Publishing_says_what_was_published_and_what_is_served_instead_of_what()
    {
        await Shop.PublishAsync("iris", "1", By("ada"));
        await Shop.PublishAsync("iris", "2", By("bob"));

        var records = await RecordsAsync("model:iris");

        Assert.Equal([(2, "publish", "model:iris:2", "bob"), (1, "publish", "model:iris:1", "ada")], records.Select(InShort));
        AssertJson($$"""{"default_version":1}""", records[0].Before);
        AssertJson($$"""{"version":2,"sha256":"{{Testing.Shop.Sha256("2")}}","size_bytes":1,"source":"upload","default_version":2}""", records[0].After);
        Assert.Null(records[1].Before);
        Assert.Equal("model:iris/2", records[0].Id);
    }

    [Fact]
    public async Task An_edit_says_only_what_differs_and_one_that_changes_nothing_is_not_written()
    {
        await Shop.PublishAsync("iris");
        await Shop.Registry.UpdateAsync(Iris, new ModelPatch { Description = "a", Tags = Tags(("team", "x"), ("stage", "y")) }, actor: "ada");
        var before = await Shop.Registry.UpdateAsync(
            Iris, new ModelPatch { Description = "b", Tags = Tags(("team", "z")), Settings = new ModelSettings { Batching = new BatchingSettings { MaxRows = 7 } } }, actor: "bob");

        var same = await Shop.Registry.UpdateAsync(Iris, new ModelPatch { Description = "b", Tags = Tags(("stage", "y")) }, actor: "eve");

        Assert.Equal(before.ETag, same.ETag);
        var records = await RecordsAsync("model:iris");
        Assert.Equal([(3, "update", "model:iris", "bob"), (2, "update", "model:iris", "ada")], records.SkipLast(1).Select(InShort));
        AssertJson("""{"description":"a","tags":{"team":"x"},"settings":{"batching":{"max_rows":64}}}""", records[0].Before);
        AssertJson("""{"description":"b","tags":{"team":"z"},"settings":{"batching":{"max_rows":7}}}""", records[0].After);
        AssertJson("""{"description":""}""", records[1].Before);
    }

    [Fact]
    public async Task Aliases_defaults_and_deletions_each_have_their_records()
    {
        await Shop.PublishAsync("iris", "1");
        await Shop.PublishAsync("iris", "2");
        await Shop.Registry.SetAliasAsync(Iris, "champion", 1, actor: "ada");
        await Shop.Registry.SetAliasAsync(Iris, "champion", 2, actor: "bob");
        await Shop.Registry.SetDefaultAsync(Iris, 2, actor: "ada");
        await Shop.Registry.DeleteVersionAsync(Iris, 2, force: true, actor: "eve");
        await Shop.Registry.DeleteModelAsync(Iris, actor: "eve");

        var records = await RecordsAsync("model:iris");

        Assert.Equal(Enumerable.Range(1, 9).Reverse(), records.Select(record => record.Revision));
        Assert.Equal(
            ["delete_model", "delete_version", "set_default", "delete_alias", "set_default", "set_alias", "set_alias", "publish", "publish"],
            records.Select(record => record.What));
        Assert.Equal(["delete_alias", "set_alias", "set_alias"], (await RecordsAsync("model:iris:champion")).Select(record => record.What));
        Assert.Equal(["delete_version", "publish"], (await RecordsAsync("model:iris:2")).Select(record => record.What));
        AssertJson("""{"version":1}""", records[5].Before);
        AssertJson("""{"version":2}""", records[5].After);
        AssertJson("""{"version":2,"follows_newest":true}""", records[4].Before);
        AssertJson("""{"version":2,"follows_newest":false}""", records[4].After);
        Assert.Equal(Testing.Shop.Sha256("2"), records[1].Before!.Value.GetProperty("sha256").GetString());
        Assert.Null(records[1].After);
        Assert.Equal(2, records[0].Before!.Value.GetProperty("last_version").GetInt32());

        // The name comes back, and its numbers go on.
        await Shop.PublishAsync("iris", "3");
        Assert.Equal(10, (await RecordsAsync("model:iris"))[0].Revision);
    }

    [Fact]
    public async Task Long_texts_are_cut_and_their_length_and_hash_said()
    {
        var text = new string('x', 20_000);
        await Shop.PublishAsync("iris");
        await Shop.Registry.UpdateAsync(Iris, new ModelPatch { Description = text });

        var record = (await RecordsAsync("model:iris"))[0];

        var shown = record.After!.Value.GetProperty("description").GetString()!;
        Assert.Equal($"{new string('x', 1000)}... (20000 characters, SHA-256 {Testing.Shop.Sha256(text)})", shown);
    }

    [Fact]
    public async Task Of_a_schedule_what_people_do_is_recorded_and_not_what_runs_do_nor_any_secret()
    {
        var schedule = await Shop.Schedules.CreateAsync(Schedule(), "ada");
        await Shop.Schedules.ChangeAsync(schedule.Id, read => Task.FromResult(read with { Progress = read.Progress with { NextRun = _time.GetUtcNow() } }));
        await Shop.Schedules.ReviseAsync(
            schedule.Id,
            null,
            "update",
            "bob",
            read => Task.FromResult(read with { Cron = "0 4 * * *", Secrets = new Dictionary<string, string> { ["TOKEN"] = "second" } }),
            _time.GetUtcNow());
        await Shop.Schedules.RecordRunAsync(
            schedule.Id, "0123456789abcdef", "eve", read => read with { Progress = read.Progress with { Open = ["0123456789abcdef"] } }, _time.GetUtcNow());
        await Shop.Schedules.DeleteAsync(schedule.Id, null, "ada", _time.GetUtcNow());

        var records = await RecordsAsync($"schedule:{schedule.Id}");

        Assert.Equal(
            [(4, "delete", "ada"), (3, "run", "eve"), (2, "update", "bob"), (1, "create", "ada")],
            records.Select(record => (record.Revision, record.What, record.Who!)));
        AssertJson("""{"cron":"0 3 * * *","secrets":{"TOKEN":"***"}}""", records[2].Before);
        AssertJson("""{"cron":"0 4 * * *","secrets":{"TOKEN":"*** (another one)"}}""", records[2].After);
        AssertJson("""{"job":"0123456789abcdef"}""", records[1].After);
        Assert.Equal("0 4 * * *", records[0].Before!.Value.GetProperty("cron").GetString());
        var all = JsonSerializer.Serialize(records);
        Assert.DoesNotContain("first", all);
        Assert.DoesNotContain("second", all);
        Assert.Empty(await DocumentsAsync("schedules"));
    }

    [Fact]
    public async Task Records_are_listed_by_subject_actor_and_time()
    {
        for (var i = 0; i < 6; i++)
        {
            await Shop.PublishAsync(i % 2 == 0 ? "iris" : "rose", $"{i}", By(i < 4 ? "ada" : "bob"));
            _time.Advance(TimeSpan.FromDays(20));
        }

        var noon = new ManualTime().GetUtcNow();
        Assert.Equal(6, (await ListAsync(new AuditFilter())).Count);
        Assert.Equal(6, (await ListAsync(new AuditFilter { Subject = AuditSubject.Parse("model") })).Count);
        Assert.Empty(await ListAsync(new AuditFilter { Subject = AuditSubject.Parse("schedule") }));
        Assert.Equal(["model:rose:3", "model:iris:3", "model:rose:2", "model:iris:2", "model:rose:1", "model:iris:1"], (await ListAsync(new AuditFilter())).Select(r => r.Subject));
        Assert.Equal(["model:rose:3", "model:iris:3"], (await ListAsync(new AuditFilter { Actor = "bob" })).Select(r => r.Subject));
        Assert.Equal(["model:rose:2"], (await ListAsync(new AuditFilter { Actor = "ada", Subject = AuditSubject.Parse("model:rose"), From = noon.AddDays(30) })).Select(r => r.Subject));
        // From is in, to is not.
        Assert.Equal(
            ["model:iris:2", "model:rose:1"],
            (await ListAsync(new AuditFilter { From = noon.AddDays(20), To = noon.AddDays(60) })).Select(r => r.Subject));
        Assert.Equal(
            ["model:iris:2"], (await ListAsync(new AuditFilter { Subject = AuditSubject.Parse("model:iris"), From = noon.AddDays(20), To = noon.AddDays(60) })).Select(r => r.Subject));
        Assert.Empty(await ListAsync(new AuditFilter { From = noon.AddDays(400) }));
        Assert.Empty(await ListAsync(new AuditFilter { To = noon.AddYears(-20) }));
    }

    [Fact]
    public async Task A_name_that_begins_like_another_is_another_subject()
    {
        await Shop.PublishAsync("iris");
        await Shop.PublishAsync("iris-2");

        Assert.Equal(["model:iris:1"], (await RecordsAsync("model:iris")).Select(record => record.Subject));
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(7, null)]
    [InlineData(7, "ada")]
    [InlineData(1000, "ada")]
    public async Task Pages_have_every_record_once_while_others_are_written(int limit, string? actor)
    {
        for (var i = 0; i < 30; i++)
        {
            await Shop.PublishAsync($"m{i % 3}", $"{i}", By(i % 2 == 0 ? "ada" : "bob"));
            // Over several months, with some that have no record.
            _time.Advance(TimeSpan.FromDays(i == 20 ? 1000 : 5));
        }

        var expected = (await ListAsync(new AuditFilter { Actor = actor })).Select(record => record.Id).ToList();
        Assert.Equal(actor is null ? 30 : 15, expected.Count);

        var (found, cursor) = (new List<string>(), (string?)null);
        do
        {
            var page = await Shop.History.ListAsync(new AuditFilter { Actor = actor }, limit, cursor);
            Assert.InRange(page.Items.Count, 0, limit);
            found.AddRange(page.Items.Select(record => record.Id));
            cursor = page.Cursor;
            await Shop.PublishAsync("m0", $"meanwhile {found.Count}", By("ada"));
        }
        while (cursor is not null);

        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData("")]
    [InlineData("models")]
    [InlineData("model:")]
    [InlineData("model:a b")]
    [InlineData("model:iris:a:b")]
    [InlineData("schedule:1")]
    [InlineData("settings:x")]
    public void What_is_no_subject_is_refused(string text) => Assert.Throws<InvalidRequestException>(() => AuditSubject.Parse(text));

    [Theory]
    [InlineData("eA")]
    [InlineData("!")]
    public async Task A_foreign_cursor_is_refused(string cursor)
    {
        await Assert.ThrowsAsync<InvalidRequestException>(() => Shop.History.ListAsync(new AuditFilter(), 10, cursor));
        await Assert.ThrowsAsync<InvalidRequestException>(() => Shop.History.ListAsync(new AuditFilter(), 0));
        await Assert.ThrowsAsync<InvalidRequestException>(
            () => Shop.History.ListAsync(new AuditFilter { From = _time.GetUtcNow(), To = _time.GetUtcNow().AddSeconds(-1) }, 10));
    }

    [Fact]
    public async Task A_cursor_of_one_subject_is_none_of_another()
    {
        await Shop.PublishAsync("iris", "1");
        await Shop.PublishAsync("iris", "2");
        await Shop.PublishAsync("rose", "1");
        var page = await Shop.History.ListAsync(new AuditFilter { Subject = AuditSubject.Parse("model:iris") }, 1);

        Assert.NotNull(page.Cursor);
        await Assert.ThrowsAsync<InvalidRequestException>(
            () => Shop.History.ListAsync(new AuditFilter { Subject = AuditSubject.Parse("model:rose") }, 1, page.Cursor));
        await Assert.ThrowsAsync<InvalidRequestException>(() => Shop.History.ListAsync(new AuditFilter(), 1, page.Cursor));
    }

    [Fact]
    public async Task Settings_are_recorded_when_they_differ_and_once_by_hosts_that_start_together()
    {
        var hosts = Enumerable.Range(0, 6).Select(_ => new Shop(_account, _time)).ToList();
        var first = new Dictionary<string, string> { ["Limits:RunSeconds"] = "30", ["MasterKey"] = "*** (1)" };
        var second = new Dictionary<string, string> { ["Limits:RunSeconds"] = "30", ["MasterKey"] = "*** (2)", ["Preload"] = "iris" };
        try
        {
            var written = await Task.WhenAll(hosts.Select(host => host.Settings.RecordAsync(first, "deployment")));
            Assert.Single(written, isWritten => isWritten);
            _time.Advance(TimeSpan.FromHours(1));
            written = await Task.WhenAll(hosts.Select(host => host.Settings.RecordAsync(second, "deployment")));
            Assert.Single(written, isWritten => isWritten);
            Assert.False(await hosts[0].Settings.RecordAsync(second, "deployment"));
        }
        finally
        {
            hosts.ForEach(host => host.Dispose());
        }

        var records = await RecordsAsync("settings");
        Assert.Equal([(2, "update", "settings", "deployment"), (1, "update", "settings", "deployment")], records.Select(InShort));
        AssertJson("""{"MasterKey":"*** (1)"}""", records[0].Before);
        AssertJson("""{"MasterKey":"*** (2)","Preload":"iris"}""", records[0].After);
        Assert.Null(records[1].Before);
        Assert.Equal(2, (await ListAsync(new AuditFilter())).Count);
    }

    [Fact]
    public async Task Many_writers_of_one_model_leave_a_record_each_without_a_gap()
    {
        await Shop.PublishAsync("iris");
        using var other = new Shop(_account);

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? Shop : other).Registry.UpdateAsync(
            Iris, new ModelPatch { Tags = Tags(($"{i}", "x")) }, actor: $"{i}")));

        var records = await RecordsAsync("model:iris");
        Assert.Equal(Enumerable.Range(1, 41).Reverse(), records.Select(record => record.Revision));
        Assert.All(records.SkipLast(1), record => AssertJson($$$"""{"tags":{"{{{record.Who}}}":"x"}}""", record.After));
        Assert.Equal(40, records.SkipLast(1).Select(record => record.Who).Distinct().Count());
        Assert.Equal(records.Select(record => record.When).OrderDescending(), records.Select(record => record.When));
    }

    [Fact]
    public async Task A_change_costs_two_requests_more_than_it_did()
    {
        var transport = new CountingTransport();
        var options = BlobClients.Options();
        options.Transport = transport;
        var documents = new BlobDocumentStore(new BlobServiceClient(_account, options));
        var registry = new ModelRegistry(documents, _time, new AuditLog(documents, NullLogger<AuditLog>.Instance));
        await Shop.PublishAsync("iris");
        // The first finds a record in the outbox of which it does not know whether it is in the log: two reads.
        await registry.UpdateAsync(Iris, new ModelPatch { Description = "0" });

        var before = transport.Requests;
        await registry.UpdateAsync(Iris, new ModelPatch { Description = "1" });

        // The model is read and written, and its record written to two places.
        Assert.Equal(4, transport.Requests - before);
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_fails_no_change_and_the_next_one_makes_up_for_it()
    {
        var store = new DeafStore(Shop.Documents);
        using var host = new Shop(_account, _time, _ => store);
        await host.PublishAsync("iris");

        store.IsDown = true;
        await host.Registry.UpdateAsync(Iris, new ModelPatch { Description = "1" });
        await host.Registry.UpdateAsync(Iris, new ModelPatch { Description = "2" });
        Assert.Equal([1], (await ListAsync(new AuditFilter())).Select(record => record.Revision));

        store.IsDown = false;
        await host.Registry.UpdateAsync(Iris, new ModelPatch { Description = "3" });
        Assert.Equal([4, 3, 2, 1], (await ListAsync(new AuditFilter())).Select(record => record.Revision).OrderDescending());
    }

    [Fact]
    public async Task Changes_stop_before_more_records_wait_than_a_document_can_hold()
    {
        var store = new DeafStore(Shop.Documents);
        using var host = new Shop(_account, _time, _ => store);
        await host.PublishAsync("iris");
        store.IsDown = true;
        var changes = 0;
        await Assert.ThrowsAsync<StorageUnavailableException>(async () =>
        {
            while (changes < 1000)
            {
                await host.Registry.UpdateAsync(Iris, new ModelPatch { Description = $"{changes}" });
                changes++;
            }
        });

        Assert.Equal(300, changes);
        Assert.Equal("299", (await Shop.Registry.GetAsync(Iris)).Description);
        store.IsDown = false;
        await host.Registry.UpdateAsync(Iris, new ModelPatch { Description = "again" });
        Assert.Equal(Enumerable.Range(1, 302).Reverse(), (await RecordsAsync("model:iris")).Select(record => record.Revision));
    }

    public void Dispose() => _opened?.Dispose();

    /// <summary>The log's container does not answer, the others do.</summary>
    private sealed class DeafStore(IDocumentStore store) : DocumentStoreWrapper(store)
    {
        public bool IsDown { get; set; }

        public override Task<string> CreateAsync<T>(
            DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken) =>
            IsDown && collection.Name == "audit"
                ? throw new StorageUnavailableException("The log does not answer.")
                : base.CreateAsync(collection, partition, id, value, cancellationToken);
    }

    private static PublishRequest By(string actor) => new() { Source = "upload", Actor = actor };

    private static Dictionary<string, string?> Tags(params (string Key, string Value)[] tags) => tags.ToDictionary(tag => tag.Key, tag => (string?)tag.Value);

    private static (int, string, string, string) InShort(AuditRecord record) => (record.Revision, record.What, record.Subject, record.Who!);

    private static void AssertJson(string expected, JsonElement? actual) => Assert.Equal(expected, actual?.GetRawText());

    private static Schedule Schedule() => new()
    {
        Id = JobId.Create(new ManualTime().GetUtcNow()),
        Name = "nightly",
        Cron = "0 3 * * *",
        TimeZone = "Europe/Berlin",
        Job = new ScheduledJob { Type = "train", Model = "iris" },
        Secrets = new Dictionary<string, string> { ["TOKEN"] = "first" },
        Created = new ManualTime().GetUtcNow(),
        Updated = new ManualTime().GetUtcNow(),
    };

    private Task<List<AuditRecord>> RecordsAsync(string subject) => ListAsync(new AuditFilter { Subject = AuditSubject.Parse(subject) });

    private async Task<List<AuditRecord>> ListAsync(AuditFilter filter) => [.. (await Shop.History.ListAsync(filter, 1000)).Items];

    private async Task<List<JsonElement>> DocumentsAsync(string collection)
    {
        var found = new List<JsonElement>();
        await foreach (var document in Shop.Documents.ScanAllAsync(RegistryJson.Collection<JsonElement>(collection), 100, CancellationToken.None))
            found.Add(document.Value);
        return found;
    }
}
