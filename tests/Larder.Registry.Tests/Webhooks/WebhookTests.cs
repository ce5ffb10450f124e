using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tests.Storage.Cosmos;
using Larder.Registry.Tests.Testing;
using Larder.Registry.Webhooks;
using Larder.Testing;

namespace Larder.Registry.Tests.Webhooks;

/// <summary>Webhooks on blobs.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class BlobWebhookTests(Azurite azurite) : WebhookTests(azurite)
{
    protected override Task<IDocumentStore> OpenAsync() => Task.FromResult<IDocumentStore>(new BlobDocumentStore(BlobClients.Create(Account)));
}

/// <summary>Webhooks on Cosmos DB.</summary>
[Collection(CosmosCollection.Name)]
public sealed class CosmosWebhookTests(CosmosServer server, Azurite azurite) : WebhookTests(azurite), IClassFixture<Azurite>
{
    private readonly CosmosHosts _hosts = new(server);
    private readonly string _database = server.NewDatabase();

    protected override async Task<IDocumentStore> OpenAsync()
    {
        var options = _hosts.Options(_database);
        await new CosmosContainers(_hosts.Client(options), options).PrepareAsync();
        return await _hosts.OpenAsync(options);
    }

    public override void Dispose()
    {
        base.Dispose();
        _hosts.Dispose();
    }
}

/// <summary>What holds for webhooks, their events and deliveries whichever store has them.</summary>
public abstract class WebhookTests(Azurite azurite) : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    private static readonly string Key = Convert.ToBase64String(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());

    private readonly ManualTime _time = new();
    private readonly List<Shop> _shops = [];

    protected string Account { get; } = azurite.NewAccount();

    protected abstract Task<IDocumentStore> OpenAsync();

    public virtual void Dispose()
    {
        foreach (var shop in _shops)
            shop.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_webhook_is_made_shown_changed_and_deleted_and_all_is_in_the_audit_log_without_its_secret()
    {
        var shop = await ShopAsync();
        var made = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated) with { Secret = "hush-7", Url = "https://receiver.example/hook?code=key-8", Description = "To the shop" }, "ada");
        Assert.True(Webhook.IsId(made.Id));
        Assert.Equal(("hook", "https://receiver.example/hook?code=key-8", WebhookStatus.Active, "To the shop"), (made.Name, made.Url, made.Status, made.Description));
        _time.Advance(TimeSpan.FromSeconds(1));

        var changed = await shop.Webhooks.UpdateAsync(made.Id, new WebhookPatch("other", "", null, null, "hush-9", WebhookStatus.Disabled), "grace");
        var same = await shop.Webhooks.UpdateAsync(made.Id, new WebhookPatch("other", null, [], "", null, WebhookStatus.Disabled), "grace");

        Assert.Equal(("other", made.Url, "To the shop", WebhookStatus.Disabled), (changed.Name, changed.Url, changed.Description, changed.Status));
        Assert.Equal(made.Events, changed.Events);
        Assert.True(changed.Updated > changed.Created);
        Assert.Equal(changed.Updated, same.Updated);
        Assert.Equal(changed.Name, (await (await ShopAsync()).Webhooks.GetAsync(made.Id)).Name);
        await shop.Webhooks.DeleteAsync(made.Id, "ada");
        Assert.Equal($"Webhook with ID '{made.Id}' not found.", (await Assert.ThrowsAsync<NotFoundException>(() => shop.Webhooks.GetAsync(made.Id))).Message);
        await Assert.ThrowsAsync<NotFoundException>(() => shop.Webhooks.DeleteAsync(made.Id, "ada"));
        Assert.Empty((await shop.Webhooks.ListAsync(10)).Items);

        var records = (await shop.History.ListAsync(new AuditFilter { Subject = AuditSubject.Parse($"webhook:{made.Id}") }, 10)).Items;
        Assert.Equal([("delete", "ada"), ("update", "grace"), ("create", "ada")], records.Select(record => (record.What, record.Who!)));
        var text = JsonSerializer.Serialize(records);
        Assert.All(["hush-7", "hush-9", "key-8"], secret => Assert.DoesNotContain(secret, text));
        Assert.Equal("""{"name":"other","status":"DISABLED","secret":"*** (another one)"}""", records[1].After!.Value.GetRawText());
        Assert.DoesNotContain("hush-7", $"{made} {Patch(WebhookEvents.JobEnded) with { Secret = "hush-7" }}");
    }

    [Fact]
    public async Task Webhooks_are_listed_in_pages_the_newest_first_and_limited_in_number()
    {
        var shop = await ShopAsync(new WebhookOptions { MaxWebhooks = 5 });
        for (var i = 0; i < 5; i++)
        {
            await shop.Webhooks.CreateAsync(Patch(WebhookEvents.JobEnded) with { Name = $"hook-{i}" }, "ada");
            _time.Advance(TimeSpan.FromMilliseconds(i == 2 ? 0 : 5));
        }

        var (names, cursor) = (new List<string>(), (string?)null);
        do
        {
            var page = await shop.Webhooks.ListAsync(2, cursor);
            names.AddRange(page.Items.Select(webhook => webhook.Name));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        Assert.Equal(5, names.Distinct().Count());
        Assert.Equal("hook-4", names[0]);
        Assert.Equal(["hook-1", "hook-0"], names[^2..]);
        Assert.Contains("at most 5 webhooks", (await Assert.ThrowsAsync<InvalidRequestException>(() => shop.Webhooks.CreateAsync(Patch(WebhookEvents.JobEnded), "ada"))).Message);
        await Assert.ThrowsAsync<InvalidRequestException>(() => shop.Webhooks.ListAsync(2, "x"));
    }

    [Fact]
    public async Task Pages_under_writes_have_every_webhook_that_was_there_all_the_time_once()
    {
        var (shop, other) = (await ShopAsync(), await ShopAsync());
        var kept = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            kept.Add((await shop.Webhooks.CreateAsync(Patch(WebhookEvents.JobEnded), "ada")).Id);
            _time.Advance(TimeSpan.FromMilliseconds(i % 2));
        }

        await PagesUnderWrites.HaveAllOnceAsync(
            kept,
            async token =>
            {
                var page = await shop.Webhooks.ListAsync(2, token);
                return (page.Items.Select(webhook => webhook.Id), page.Cursor);
            },
            async i =>
            {
                var late = await other.Webhooks.CreateAsync(Patch(WebhookEvents.JobEnded), "ada");
                await other.Webhooks.UpdateAsync(kept[i % kept.Count], Patch(WebhookEvents.JobEnded) with { Name = $"hook-{i}" }, "ada");
                await other.Webhooks.DeleteAsync(late.Id, "ada");
            });
    }

    [Fact]
    public async Task Every_change_of_the_registry_makes_its_events()
    {
        var shop = await ShopAsync();
        var webhook = await shop.Webhooks.CreateAsync(Patch([.. WebhookEvents.All]), "ada");
        var other = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.AliasDeleted), "ada");
        var longText = new string('x', 4000);

        await shop.PublishAsync("iris", "1");
        await shop.PublishAsync("iris", "2");
        await shop.Registry.CreateAsync(ModelName.Parse("rose"), new ModelPatch { Description = longText, Tags = new Dictionary<string, string?> { ["a"] = "b" } }, "ada");
        await shop.Registry.UpdateVersionAsync(Iris, 2, new VersionPatch { Tags = new Dictionary<string, string?> { ["flour"] = longText, ["yeast"] = "dry" } });
        await shop.Registry.UpdateVersionAsync(Iris, 2, new VersionPatch { Tags = new Dictionary<string, string?> { ["flour"] = null, ["yeast"] = "dry" } });
        await shop.Registry.UpdateVersionAsync(Iris, 2, new VersionPatch { Description = "no event" });
        await shop.Registry.SetAliasAsync(Iris, "champion", 1, actor: "grace");
        await shop.Registry.SetAliasAsync(Iris, "champion", 1, actor: "grace");
        await shop.Registry.SetAliasAsync(Iris, "champion", 2, actor: "grace");
        await shop.Registry.DeleteAliasAsync(Iris, "champion");
        await shop.Registry.SetDefaultAsync(Iris, 1);
        await shop.Registry.SetDefaultAsync(Iris, null);

        Assert.Equal(
            ((string[])[
                """registered_model.created {"name":"iris","tags":{},"description":null}""",
                """model_version.created {"name":"iris","version":"1","source":"mlflow-artifacts:/models/iris/1","run_id":null,"tags":{},"description":null}""",
                """alias.moved {"name":"iris","alias":"default","version":"1","previous_version":null,"moved_by":null}""",
                """model_version.created {"name":"iris","version":"2","source":"mlflow-artifacts:/models/iris/2","run_id":null,"tags":{},"description":null}""",
                """alias.moved {"name":"iris","alias":"default","version":"2","previous_version":"1","moved_by":null}""",
                $$"""registered_model.created {"name":"rose","tags":{"a":"b"},"description":"{{longText}}"}""",
                $$"""model_version_tag.set {"name":"iris","version":"2","key":"flour","value":"{{longText}}"}""",
                """model_version_tag.set {"name":"iris","version":"2","key":"yeast","value":"dry"}""",
                """model_version_tag.deleted {"name":"iris","version":"2","key":"flour"}""",
                """model_version_alias.created {"name":"iris","alias":"champion","version":"1"}""",
                """alias.moved {"name":"iris","alias":"champion","version":"1","previous_version":null,"moved_by":"grace"}""",
                """model_version_alias.created {"name":"iris","alias":"champion","version":"2"}""",
                """alias.moved {"name":"iris","alias":"champion","version":"2","previous_version":"1","moved_by":"grace"}""",
                """model_version_alias.deleted {"name":"iris","alias":"champion"}""",
                """alias.moved {"name":"iris","alias":"champion","version":null,"previous_version":"2","moved_by":null}""",
                """model_version_alias.created {"name":"iris","alias":"default","version":"1"}""",
                """alias.moved {"name":"iris","alias":"default","version":"1","previous_version":"2","moved_by":null}""",
                """model_version_alias.deleted {"name":"iris","alias":"default"}""",
                """alias.moved {"name":"iris","alias":"default","version":"2","previous_version":"1","moved_by":null}""",
            ]).Order(StringComparer.Ordinal),
            await EventsAsync(shop, webhook));
        Assert.Equal(
            ["""model_version_alias.deleted {"name":"iris","alias":"champion"}""", """model_version_alias.deleted {"name":"iris","alias":"default"}"""],
            await EventsAsync(shop, other));
    }

    [Fact]
    public async Task A_model_that_is_published_again_after_it_was_deleted_is_created_again()
    {
        var shop = await ShopAsync();
        await shop.PublishAsync("iris", "1");
        await shop.Registry.DeleteModelAsync(Iris);
        var webhook = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.ModelCreated, WebhookEvents.VersionCreated), "ada");
        _time.Advance(TimeSpan.FromSeconds(1));

        await shop.PublishAsync("iris", "2");
        await shop.PublishAsync("iris", "3");

        Assert.Equal(["model_version.created", "model_version.created", "registered_model.created"], (await EventsAsync(shop, webhook)).Select(text => text.Split(' ')[0]));
    }

    [Fact]
    public async Task The_end_of_a_job_is_an_event_once()
    {
        var shop = await ShopAsync();
        var webhook = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.JobEnded), "ada");
        var job = await shop.Jobs.CreateAsync(new Job { Id = JobId.Create(_time.GetUtcNow()), Type = "train", State = JobState.Queued, Model = "iris", Created = _time.GetUtcNow(), Owner = "grace" });

        await shop.Jobs.UpdateAsync(job.Id, read => read with { State = JobState.Running });
        Assert.Empty(await EventsAsync(shop, webhook));
        await shop.Jobs.UpdateAsync(job.Id, read => read with { State = JobState.Failed, Reason = "It failed.", Finished = _time.GetUtcNow() });
        await shop.Jobs.UpdateAsync(job.Id, read => read with { Reason = "again" });
        await shop.Jobs.DeleteAsync(job.Id);

        Assert.Equal(
            $$"""job.ended {"job":"{{job.Id}}","type":"train","state":"failed","reason":"It failed.","model":"iris","version":null,"run_id":null,"owner":"grace","created":"2030-01-01T12:00:00+00:00","finished":"2030-01-01T12:00:00+00:00"}""",
            Assert.Single(await EventsAsync(shop, webhook)));
    }

    [Fact]
    public async Task A_webhook_that_is_disabled_or_gone_gets_no_events_and_a_deleted_one_takes_its_deliveries_with_it()
    {
        var shop = await ShopAsync();
        var webhook = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated), "ada");
        await shop.PublishAsync("iris", "1");
        await shop.Webhooks.UpdateAsync(webhook.Id, new WebhookPatch(null, null, null, null, null, WebhookStatus.Disabled), "ada");

        await shop.PublishAsync("iris", "2");

        Assert.Single(await EventsAsync(shop, webhook));
        var claim = await ClaimAsync(shop);
        await shop.Webhooks.DeleteAsync(webhook.Id, "ada");
        await shop.PublishAsync("iris", "3");
        Assert.Empty(await EventsAsync(shop, webhook));
        Assert.Null(await shop.Deliveries.OpenAsync(claim));
        Assert.Null(await shop.Deliveries.RecordAsync(claim, Delivered));
    }

    [Fact]
    public async Task Changes_list_the_webhooks_once_in_five_seconds_and_this_server_s_own_webhooks_count_at_once()
    {
        var counted = new CountedLists(await OpenAsync());
        var shop = ShopOn(counted);
        for (var i = 0; i < 5; i++)
            await shop.PublishAsync("iris", $"{i}");
        Assert.Equal(1, counted.OfWebhooks);

        var webhook = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated), "ada");
        await shop.PublishAsync("iris", "5");
        Assert.Single(await EventsAsync(shop, webhook));
        await shop.Webhooks.UpdateAsync(webhook.Id, new WebhookPatch(null, null, null, null, null, WebhookStatus.Disabled), "ada");
        await shop.PublishAsync("iris", "6");
        await shop.Webhooks.UpdateAsync(webhook.Id, new WebhookPatch(null, null, null, null, null, WebhookStatus.Active), "ada");
        await shop.PublishAsync("iris", "7");
        Assert.Equal(2, (await EventsAsync(shop, webhook)).Count);

        var lists = counted.OfWebhooks;
        for (var i = 8; i < 11; i++)
            await shop.PublishAsync("iris", $"{i}");
        Assert.Equal(lists, counted.OfWebhooks);
        _time.Advance(WebhookList.Fresh);
        await shop.PublishAsync("iris", "11");
        Assert.Equal(lists + 1, counted.OfWebhooks);
        Assert.Equal(6, (await EventsAsync(shop, webhook)).Count);
    }

    [Fact]
    public async Task A_list_that_was_begun_before_a_webhook_was_made_is_not_kept()
    {
        var counted = new CountedLists(await OpenAsync());
        var shop = ShopOn(counted);
        var held = counted.HoldNext();
        var before = shop.PublishAsync("iris", "1");
        await held.Reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var webhook = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated), "ada");
        held.Go.SetResult();
        await before;

        await shop.PublishAsync("iris", "2");

        Assert.Contains("\"version\":\"2\"", Assert.Single(await EventsAsync(shop, webhook)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_server_s_webhooks_count_after_five_seconds_and_those_it_deleted_or_disabled_at_once()
    {
        var (shop, other) = (await ShopAsync(), await ShopAsync());
        await shop.PublishAsync("iris", "1");
        var webhook = await other.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated), "ada");
        var second = await other.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated), "ada");
        _time.Advance(WebhookList.Fresh);

        await shop.PublishAsync("iris", "2");
        await other.Webhooks.UpdateAsync(second.Id, new WebhookPatch(null, null, null, null, null, WebhookStatus.Disabled), "ada");
        await shop.PublishAsync("iris", "3");
        await other.Webhooks.DeleteAsync(webhook.Id, "ada");
        await shop.PublishAsync("iris", "4");

        Assert.Single(await EventsAsync(shop, second));
        Assert.Empty((await shop.Deliveries.ListAsync(webhook.Id, 10)).Items);
    }

    [Fact]
    public async Task A_delivery_belongs_to_one_server_until_its_claim_is_over()
    {
        var (shop, other) = (await ShopAsync(), await ShopAsync());
        await shop.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated), "ada");
        DeliveryClaim? first = null;
        shop.Deliveries.Added += (_, _, claim) => first = claim;
        await shop.PublishAsync("iris", "1");

        Assert.Empty(await other.Deliveries.DueAsync().ToListAsync());
        Assert.Null(await other.Deliveries.TryClaimAsync(first!.Webhook, first.Delivery));
        _time.Advance(TimeSpan.FromMinutes(1));
        var due = Assert.Single(await other.Deliveries.DueAsync().ToListAsync());
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? shop : other).Deliveries.TryClaimAsync(due.Webhook, due.Delivery)));
        var won = Assert.Single(claims, claim => claim is not null)!;

        // The first server was only slow: what it notes counts, and does not take the other's claim away.
        Assert.Equal(WebhookDeliveryStatus.Delivered, (await shop.Deliveries.RecordAsync(first, Delivered))!.Status);
        Assert.Null(await other.Deliveries.OpenAsync(won));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(await other.Deliveries.DueAsync().ToListAsync());
    }

    [Fact]
    public async Task Attempts_are_further_apart_each_time_and_end()
    {
        var options = new WebhookOptions { Attempts = 6, FirstDelay = TimeSpan.FromSeconds(10), MaxDelay = TimeSpan.FromSeconds(60) };
        var shop = await ShopAsync(options);
        var webhook = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated), "ada");
        await shop.PublishAsync("iris", "1");
        var waits = new List<double>();
        for (var i = 1; ; i++)
        {
            var noted = (await shop.Deliveries.RecordAsync(await ClaimAsync(shop), new DeliveryAttempt(503, "busy", "The receiver answered 503.", false, null, TimeSpan.FromMilliseconds(7))))!;
            Assert.Equal((i, 503, "busy", "The receiver answered 503.", 7L), (noted.Attempts, noted.AnswerStatus!.Value, noted.AnswerBody!, noted.Error!, noted.DurationMs!.Value));
            if (noted.NextAttempt is not { } next)
            {
                Assert.Equal((WebhookDeliveryStatus.Failed, options.Attempts), (noted.Status, i));
                break;
            }
            waits.Add((next - _time.GetUtcNow()).TotalSeconds);
        }

        Assert.All(waits.Zip(new[] { 10, 20, 40, 60, 60 }), pair => Assert.InRange(pair.First, pair.Second, pair.Second * 1.5));
        Assert.Empty(await shop.Deliveries.DueAsync().ToListAsync());

        // By hand it begins anew, and Retry-After is honoured.
        var id = (await shop.Deliveries.ListAsync(webhook.Id, 10)).Items.Single().Id;
        var again = await shop.Deliveries.RedeliverAsync(webhook, id, "grace");
        Assert.Equal((WebhookDeliveryStatus.Pending, 6, 0, "grace"), (again.Status, again.Attempts, again.Tries, again.RedeliveredBy));
        var asked = (await shop.Deliveries.RecordAsync(await ClaimAsync(shop), new DeliveryAttempt(429, null, "The receiver answered 429.", false, TimeSpan.FromMinutes(20), TimeSpan.Zero)))!;
        Assert.Equal(TimeSpan.FromMinutes(20), asked.NextAttempt - _time.GetUtcNow());
        var final = (await shop.Deliveries.RecordAsync(await ClaimAsync(shop), new DeliveryAttempt(410, null, "The receiver answered 410.", true, null, TimeSpan.Zero)))!;
        Assert.Equal((WebhookDeliveryStatus.Failed, 8), (final.Status, final.Attempts));
        await Assert.ThrowsAsync<NotFoundException>(() => shop.Deliveries.RedeliverAsync(webhook, Guid.NewGuid().ToString(), "grace"));
        await Assert.ThrowsAsync<NotFoundException>(() => shop.Deliveries.RedeliverAsync(webhook, "../x", "grace"));
        await shop.Webhooks.UpdateAsync(webhook.Id, new WebhookPatch(null, null, null, null, null, WebhookStatus.Disabled), "ada");
        await Assert.ThrowsAsync<ConflictException>(async () => await shop.Deliveries.RedeliverAsync(await shop.Webhooks.GetAsync(webhook.Id), id, "grace"));
    }

    [Fact]
    public async Task Deliveries_are_listed_in_pages_the_newest_first_and_those_that_are_over_for_long_or_too_many_go()
    {
        var shop = await ShopAsync(new WebhookOptions { MaxDeliveries = 3, Retention = TimeSpan.FromDays(2) });
        var webhook = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated), "ada");
        for (var i = 0; i < 5; i++)
        {
            await shop.PublishAsync("iris", $"{i}");
            if (i < 4)
                await shop.Deliveries.RecordAsync(await ClaimAsync(shop), Delivered);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(["5", "4", "3", "2", "1"], await VersionsAsync(pageSize: 2));
        Assert.Equal((0, 1), await shop.Webhooks.CollectAsync());
        Assert.Equal(["5", "4", "3", "2"], await VersionsAsync(pageSize: 1000));
        _time.Advance(TimeSpan.FromDays(3));
        Assert.Equal((0, 3), await shop.Webhooks.CollectAsync());
        // What is not over stays.
        Assert.Equal(["5"], await VersionsAsync(pageSize: 1));
        await Assert.ThrowsAsync<InvalidRequestException>(() => shop.Deliveries.ListAsync(webhook.Id, 10, "x"));

        async Task<IReadOnlyList<string>> VersionsAsync(int pageSize)
        {
            var (versions, cursor) = (new List<string>(), (string?)null);
            do
            {
                var page = await shop.Deliveries.ListAsync(webhook.Id, pageSize, cursor);
                versions.AddRange(page.Items.Select(item => (string)JsonNode.Parse(item.Payload)!["data"]!["version"]!));
                cursor = page.Cursor;
            }
            while (cursor is not null);
            return versions;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deliveries_are_signed_with_a_secret_that_is_stored_encrypted_where_there_is_a_key(bool encrypted)
    {
        var shop = await ShopAsync(new WebhookOptions { EncryptionKey = encrypted ? Key : "" });
        var webhook = await shop.Webhooks.CreateAsync(Patch(WebhookEvents.VersionCreated) with { Secret = "grüße" }, "ada");
        var stored = (await shop.Documents.GetAsync(Webhook.Collection, Webhook.Partition, webhook.Id))!.Value;

        Assert.Equal(!encrypted, JsonSerializer.Serialize(stored, RegistryJson.Options).Contains("grüße", StringComparison.Ordinal));
        var expected = "v1," + Convert.ToBase64String(HMACSHA256.HashData("grüße"u8.ToArray(), "id-1.1700000000.{\"a\":\"ü\"}"u8.ToArray()));
        Assert.Equal(expected, shop.Secrets.Sign(stored, "id-1", "1700000000", "{\"a\":\"ü\"}"));
        Assert.Null(shop.Secrets.Sign(stored with { Secret = null }, "id-1", "1700000000", "{}"));
        if (encrypted)
        {
            Assert.Contains("Webhooks:EncryptionKey", Assert.Throws<StorageUnavailableException>(() => new WebhookSecrets(new WebhookOptions()).Sign(stored, "a", "b", "c")).Message);
            Assert.Throws<StorageUnavailableException>(() => new WebhookSecrets(new WebhookOptions { EncryptionKey = Convert.ToBase64String(new byte[32]) }).Sign(stored, "a", "b", "c"));
            // Of another webhook it is worth nothing.
            Assert.Throws<StorageUnavailableException>(() => shop.Secrets.Sign(stored with { Id = Guid.NewGuid().ToString() }, "a", "b", "c"));
        }
    }

    private static DeliveryAttempt Delivered => new(200, "ok", null, false, null, TimeSpan.FromMilliseconds(3));

    private static WebhookPatch Patch(params string[] events) => new("hook", "https://receiver.example/hook", [.. events.Select(WebhookEvent.Of)], null, null, null);

    /// <summary>The names and data of a webhook's deliveries, in alphabetical order: those of one moment have none of their own.</summary>
    private static async Task<IReadOnlyList<string>> EventsAsync(Shop shop, Webhook webhook)
    {
        var items = (await shop.Deliveries.ListAsync(webhook.Id, 1000)).Items;
        Assert.All(items, item => Assert.Equal($"{JsonNode.Parse(item.Payload)!["entity"]}.{JsonNode.Parse(item.Payload)!["action"]}", item.Event));
        Assert.Equal(items.Count, items.Select(item => item.Id).Distinct().Count());
        return [.. items.Select(item => $"{item.Event} {JsonNode.Parse(item.Payload)!["data"]!.ToJsonString(RegistryJson.Options)}").Order(StringComparer.Ordinal)];
    }

    private async Task<DeliveryClaim> ClaimAsync(Shop shop)
    {
        for (var i = 0; i < 100; i++)
        {
            if (await shop.Deliveries.DueAsync().FirstOrDefaultAsync() is { } due)
                return (await shop.Deliveries.TryClaimAsync(due.Webhook, due.Delivery))!;
            _time.Advance(TimeSpan.FromSeconds(20));
        }
        throw new InvalidOperationException("Nothing is due.");
    }

    private async Task<Shop> ShopAsync(WebhookOptions? options = null) => ShopOn(await OpenAsync(), options);

    private Shop ShopOn(IDocumentStore documents, WebhookOptions? options = null)
    {
        var shop = new Shop(Account, _time, _ => documents, webhooks: options ?? new WebhookOptions());
        _shops.Add(shop);
        return shop;
    }

    /// <summary>Counts the lists of webhooks, and can hold the answer of one.</summary>
    private sealed class CountedLists(IDocumentStore store) : DocumentStoreWrapper(store)
    {
        private Hold? _next;
        private int _lists;

        public int OfWebhooks => Volatile.Read(ref _lists);

        public Hold HoldNext() => _next = new Hold();

        public override async Task<DocumentPage<T>> ListAsync<T>(DocumentCollection<T> collection, string partition, int limit, string? continuation, CancellationToken cancellationToken)
        {
            var page = await base.ListAsync(collection, partition, limit, continuation, cancellationToken);
            if (collection.Name != Webhook.Collection.Name)
                return page;
            Interlocked.Increment(ref _lists);
            if (Interlocked.Exchange(ref _next, null) is { } hold)
            {
                hold.Reached.SetResult();
                await hold.Go.Task;
            }
            return page;
        }
    }

    private sealed class Hold
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
