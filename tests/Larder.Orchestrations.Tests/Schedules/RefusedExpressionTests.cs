using System.Text;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Errors;
using Larder.Registry.Schedules;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Schedules;

/// <summary>Schedules that an earlier release stored with expressions that are refused now.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class RefusedExpressionTests(Azurite azurite)
{
    private const string Id = "zybr0eeksh0dcdze";

    [Theory]
    [InlineData("0 4 13 * FRI", "For the days on which one of them matches, make two schedules: '0 4 13 * *' and '0 4 * * FRI'.")]
    [InlineData("0 4 * * Monday", "Names of months and days have three letters: JAN, MON.")]
    public async Task A_stored_schedule_is_paused_with_the_sentence_among_its_runs(string cron, string sentence)
    {
        var account = azurite.NewAccount();
        await StoreAsync(account, cron);
        var bakery = new Bakery(account);
        Assert.Empty(bakery.Editor.NextRuns(await bakery.Schedules.GetAsync(Id), 5));

        await Task.WhenAll(bakery.TickAsync(), bakery.Other().TickAsync());
        await bakery.TickAfterAsync(TimeSpan.FromDays(60));

        var schedule = await bakery.Schedules.GetAsync(Id);
        Assert.False(schedule.Enabled);
        Assert.Equal((null, 0, 4), (schedule.Progress.NextRun, schedule.Progress.Waiting.Count, schedule.Revision));
        Assert.Empty(bakery.Started);
        Assert.Equal([9, 8, 7], schedule.Progress.Runs.Select(run => run.Number));
        var (pause, waiting) = (schedule.Progress.Runs[0], schedule.Progress.Runs[1]);
        Assert.StartsWith("The schedule was paused: cron ", pause.Reason, StringComparison.Ordinal);
        Assert.EndsWith(sentence, pause.Reason, StringComparison.Ordinal);
        Assert.Equal((RunOutcome.Skipped, Bakery.Noon), (pause.Outcome, pause.At));
        Assert.Equal((RunOutcome.Skipped, "The schedule was paused."), (waiting.Outcome, waiting.Reason));
    }

    [Fact]
    public async Task A_paused_one_runs_again_once_it_has_another_expression()
    {
        var account = azurite.NewAccount();
        await StoreAsync(account, "0 4 13 * FRI");
        var bakery = new Bakery(account);
        await bakery.TickAsync();

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => bakery.Editor.EnableAsync(Id, null, enabled: true, Bakery.Baker, CancellationToken.None));
        Assert.Contains("make two schedules", refused.Message);
        await bakery.Editor.ChangeAsync(Id, null, new SchedulePatch { Name = "renamed" }, Bakery.Baker, CancellationToken.None);
        var changed = await bakery.Editor.ChangeAsync(Id, null, new SchedulePatch { Cron = "0 0 4 13 * FRI", Enabled = true }, Bakery.Baker, CancellationToken.None);

        Assert.Equal(new DateTimeOffset(2030, 9, 13, 4, 0, 0, TimeSpan.Zero), changed.Progress.NextRun);
        Assert.Equal("renamed", changed.Name);
    }

    [Fact]
    public async Task It_can_be_paused_by_a_person_before_it_is_looked_at()
    {
        var account = azurite.NewAccount();
        await StoreAsync(account, "0 4 13 * FRI");
        var bakery = new Bakery(account);

        var paused = await bakery.Editor.EnableAsync(Id, null, enabled: false, Bakery.Baker, CancellationToken.None);
        await bakery.TickAsync();

        Assert.False(paused.Enabled);
        Assert.Equal(paused.Revision, (await bakery.Schedules.GetAsync(Id)).Revision);
    }

    [Fact]
    public async Task An_imported_one_is_paused_from_the_beginning()
    {
        var bakery = new Bakery(azurite.NewAccount());
        var archived = new Schedule
        {
            Id = Id,
            Name = "bread",
            Cron = "0 4 13 * FRI",
            TimeZone = "UTC",
            Job = new ScheduledJob { Type = "bake", Model = "bread" },
            Created = Bakery.Noon,
            Updated = Bakery.Noon,
        };
        var imports = new ImportedSchedules(new ScheduleStarter([bakery.Bake], [bakery.Bake], null!, null!, bakery.Schedules), bakery.Schedules, new ScheduleOptions(), bakery.Time);

        imports.Check(archived);
        var (prepared, reason) = await imports.PrepareAsync(archived, Bakery.Baker, arePaused: false, CancellationToken.None);

        Assert.False(prepared.Enabled);
        Assert.Null(prepared.Progress.NextRun);
        Assert.StartsWith("It was imported, and is paused: cron restricts the day of the month ('13')", reason, StringComparison.Ordinal);
        Assert.Equal(reason, Assert.Single(prepared.Progress.Runs).Reason);
    }

    [Fact]
    public async Task An_occurrence_that_was_promised_runs_where_other_rules_give_another_time_since()
    {
        var start = new DateTimeOffset(2030, 3, 31, 0, 0, 0, TimeSpan.Zero);
        var bakery = new Bakery(azurite.NewAccount(), start);
        var schedule = await bakery.AddAsync("30 2 * * *", timeZone: "Europe/Berlin");

        // As an earlier release had it: as much later as the clock is put forward.
        var promised = new DateTimeOffset(2030, 3, 31, 3, 30, 0, TimeSpan.FromHours(2));
        await bakery.Schedules.ChangeAsync(schedule.Id, read => Task.FromResult(read with { Progress = read.Progress with { NextRun = promised } }));
        for (var i = 0; i < 24; i++)
            await bakery.TickAfterAsync(TimeSpan.FromMinutes(30));

        Assert.Equal([promised], await bakery.RunAsync(schedule));
    }

    // A document as the release before Cronos wrote it.
    private static async Task StoreAsync(string account, string cron)
    {
        var document = $$"""
            {"id":"{{Id}}","name":"bread","description":"","cron":"{{cron}}","time_zone":"UTC","job":{"type":"bake","model":"bread","inputs":{} },"secrets":{},
            "overlap":"skip","missed":"once","enabled":true,"created":"2029-12-01T12:00:00+00:00","updated":"2029-12-02T12:00:00+00:00","revision":3,
            "progress":{"next_run":"2030-01-04T04:00:00+00:00","waiting":["2029-12-28T04:00:00+00:00"],"open":[],
            "runs":[{"number":7,"due":"2029-12-21T04:00:00+00:00","count":1,"at":"2029-12-22T04:00:00+00:00","outcome":"missed","reason":"No server was there at the time.","manual":false}] },
            "deleted":false,"outbox":{"last":3,"records":[] } }
            """;
        var container = BlobClients.Create(account).GetBlobContainerClient("documents");
        await container.CreateIfNotExistsAsync();
        await container.GetBlobClient($"schedules/{Id}!schedule").UploadAsync(new BinaryData(Encoding.UTF8.GetBytes(document)));
    }
}
