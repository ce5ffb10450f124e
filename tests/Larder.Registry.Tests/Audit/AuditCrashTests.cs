using Larder.Registry.Audit;
using Larder.Registry.Models;
using Larder.Registry.Schedules;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Audit;

/// <summary>
/// A host crashes at every single storage call of every change, before the call or after it. A change that happened has exactly one record, and one that did
/// not has none; the garbage collector finishes what no reader asks for.
/// </summary>
public sealed class AuditCrashTests(Azurite azurite) : IClassFixture<Azurite>
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    private const int MostCalls = 40;
    private const string Schedule = "0123456789abcdef";

    private static readonly TimeSpan Later = TimeSpan.FromDays(2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Publishing(bool afterwards) => AtEveryCallAsync(
        afterwards,
        "model:iris",
        shop => shop.PublishAsync("iris", "1"),
        host => host.PublishAsync("iris", "2"),
        async shop => (await shop.VersionsAsync("iris")).Contains(2),
        record => record is { What: "publish", Subject: "model:iris:2" });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Editing(bool afterwards) => AtEveryCallAsync(
        afterwards,
        "model:iris",
        shop => shop.PublishAsync("iris"),
        host => host.Registry.UpdateAsync(Iris, new ModelPatch { Description = "other" }),
        async shop => (await shop.Registry.GetAsync(Iris)).Description == "other",
        record => record.What == "update");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Deleting_a_version(bool afterwards) => AtEveryCallAsync(
        afterwards,
        "model:iris",
        async shop =>
        {
            await shop.PublishAsync("iris", "1");
            await shop.PublishAsync("iris", "2");
            await shop.Registry.SetAliasAsync(Iris, "champion", 2);
        },
        host => host.Registry.DeleteVersionAsync(Iris, 2, force: true),
        async shop => !(await shop.VersionsAsync("iris")).Contains(2),
        record => record is { What: "delete_version", Subject: "model:iris:2" });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Deleting_a_model(bool afterwards) => AtEveryCallAsync(
        afterwards,
        "model:iris",
        shop => shop.PublishAsync("iris"),
        host => host.Registry.DeleteModelAsync(Iris),
        async shop => (await shop.Registry.ListAsync(1)).Items.Count == 0,
        record => record.What == "delete_model");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Making_a_schedule(bool afterwards) => AtEveryCallAsync(
        afterwards,
        $"schedule:{Schedule}",
        _ => Task.CompletedTask,
        host => host.Schedules.CreateAsync(NewSchedule(), "ada"),
        ExistsAsync,
        record => record.What == "create");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Deleting_a_schedule(bool afterwards) => AtEveryCallAsync(
        afterwards,
        $"schedule:{Schedule}",
        shop => shop.Schedules.CreateAsync(NewSchedule(), "ada"),
        host => host.Schedules.DeleteAsync(Schedule, null, "bob", DateTimeOffset.UtcNow),
        async shop => !await ExistsAsync(shop),
        record => record is { What: "delete", Who: "bob" });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Settings_are_recorded_once_by_those_who_start_after_a_host_that_died(bool afterwards)
    {
        var settings = new Dictionary<string, string> { ["Preload"] = "iris" };
        for (var call = 1; call <= MostCalls; call++)
        {
            var account = azurite.NewAccount();
            var life = new CrashPoint(call, afterwards);
            using var dying = Host(account, life);
            await DieAsync(dying, life, host => host.Settings.RecordAsync(settings, "deployment"));

            using var next = new Shop(account);
            await next.Settings.RecordAsync(settings, "deployment");

            Assert.Single((await next.History.ListAsync(Of("settings"), 10)).Items);
            Assert.Single((await next.History.ListAsync(new AuditFilter(), 10)).Items);
            if (!life.IsCrashed)
                return;
        }

        Assert.Fail("It makes too many calls.");
    }

    private async Task AtEveryCallAsync(
        bool afterwards,
        string subject,
        Func<Shop, Task> prepare,
        Func<Shop, Task> change,
        Func<Shop, Task<bool>> isDone,
        Func<AuditRecord, bool> isIts)
    {
        for (var call = 1; call <= MostCalls; call++)
        {
            var account = azurite.NewAccount();
            using var shop = new Shop(account);
            await prepare(shop);
            var life = new CrashPoint(call, afterwards);
            using (var dying = Host(account, life))
                await DieAsync(dying, life, change);

            // Another server, which does not know what was written where, sees what the subject's document says.
            using var reader = new Shop(account);
            await AssertRecordedAsync(reader, Of(subject), await isDone(reader), isIts);

            // No reader asks for the subject, but the garbage collector runs.
            using var sweeping = new Shop(account);
            await sweeping.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later);
            await AssertRecordedAsync(reader, Of(subject), await isDone(reader), isIts);
            await AssertRecordedAsync(reader, new AuditFilter(), await isDone(reader), isIts);
            Assert.Equal(0, (await sweeping.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later)).AuditRecords);
            if (!life.IsCrashed)
            {
                Assert.True(call > 1 && await isDone(reader));
                return;
            }
        }

        Assert.Fail($"The change makes more than {MostCalls} storage calls.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_version_is_never_edited_without_a_record(bool afterwards)
    {
        for (var call = 1; call <= MostCalls; call++)
        {
            var account = azurite.NewAccount();
            using var shop = new Shop(account);
            await shop.PublishAsync(Iris);
            var life = new CrashPoint(call, afterwards);
            using (var dying = Host(account, life))
                await DieAsync(dying, life, host => host.Registry.UpdateVersionAsync(Iris, 1, new VersionPatch { Description = "edited" }, actor: "ada"));

            using var reader = new Shop(account);
            var isEdited = (await reader.Registry.GetVersionAsync(Iris, 1)).Description == "edited";
            var records = (await reader.History.ListAsync(Of("model:iris:1"), 10)).Items.Count(record => record is { What: "update_version", Who: "ada" });
            // Two documents: a crash between them leaves a record of a change that no caller was told of.
            Assert.True(records == 1 || !isEdited);
            if (life.IsCrashed)
                continue;
            Assert.True(isEdited);
            var etag = (await reader.Registry.GetAsync(Iris)).ETag;
            await reader.Registry.UpdateVersionAsync(Iris, 1, new VersionPatch { Description = "edited" });
            Assert.Equal(etag, (await reader.Registry.GetAsync(Iris)).ETag);
            return;
        }

        Assert.Fail("It makes too many calls.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_sweeper_alone_finishes_what_a_crash_left(bool afterwards)
    {
        for (var call = 1; call <= MostCalls; call++)
        {
            var account = azurite.NewAccount();
            using var shop = new Shop(account);
            await shop.PublishAsync("iris");
            await shop.Schedules.CreateAsync(NewSchedule(), "ada");
            var life = new CrashPoint(call, afterwards);
            using (var dying = Host(account, life))
            {
                await DieAsync(dying, life, async host =>
                {
                    await host.Registry.UpdateAsync(Iris, new ModelPatch { Description = "other" });
                    await host.Schedules.DeleteAsync(Schedule, null, "bob", DateTimeOffset.UtcNow);
                });
            }

            using var sweeping = new Shop(account);
            await sweeping.Sweeper.RunAsync(DateTimeOffset.UtcNow);

            await AssertRecordedAsync(
                sweeping, new AuditFilter(), (await shop.Registry.GetAsync(Iris)).Description == "other", record => record.What == "update");
            await AssertRecordedAsync(sweeping, new AuditFilter(), !await ExistsAsync(shop), record => record.What == "delete");
            if (!life.IsCrashed)
                return;
        }

        Assert.Fail("It makes too many calls.");
    }

    private static async Task AssertRecordedAsync(Shop shop, AuditFilter filter, bool isDone, Func<AuditRecord, bool> isIts)
    {
        var page = await shop.History.ListAsync(filter, 100);
        Assert.Null(page.Cursor);
        Assert.Equal(isDone ? 1 : 0, page.Items.Count(isIts));
        foreach (var subject in page.Items.GroupBy(record => record.Id.Split('/')[0]))
            Assert.Equal(Enumerable.Range(1, subject.Count()).Reverse(), subject.Select(record => record.Revision));
    }

    private static AuditFilter Of(string subject) => new() { Subject = AuditSubject.Parse(subject) };

    private static Schedule NewSchedule() => new()
    {
        Id = Schedule,
        Name = "nightly",
        Cron = "0 3 * * *",
        TimeZone = "UTC",
        Job = new ScheduledJob { Type = "train", Model = "iris" },
        Created = DateTimeOffset.UtcNow,
        Updated = DateTimeOffset.UtcNow,
    };

    private static async Task<bool> ExistsAsync(Shop shop)
    {
        await foreach (var _ in shop.Schedules.ScanAsync())
            return true;
        return false;
    }

    private static Shop Host(string account, CrashPoint life) => new(
        account, documents: store => new CrashingDocumentStore(store, life), artifacts: store => new CrashingArtifactStore(store, life));

    private static async Task DieAsync(Shop host, CrashPoint life, Func<Shop, Task> change)
    {
        try
        {
            await change(host);
        }
        catch (CrashPoint.DeadException)
        {
            Assert.True(life.IsCrashed);
        }
    }
}
