using System.Text.Json;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Schedules;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Testing;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Registry.Tests.Schedules;

[Collection(AzuriteCollection.Name)]
public sealed class ScheduleStoreTests(Azurite azurite)
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ScheduleStore _schedules = Open(azurite.NewAccount());

    [Fact]
    public async Task A_schedule_comes_back_as_it_was_stored()
    {
        var schedule = Schedule() with
        {
            Description = "Jede Nacht",
            Job = new ScheduledJob
            {
                Type = "train",
                Model = "iris",
                Options = JsonSerializer.SerializeToElement(new { timeout = 5 }),
                Inputs = new ScheduledInputs { Version = "iris:3", Dataset = "uploads/iris/iris.csv" },
            },
            Secrets = new Dictionary<string, string> { ["TOKEN"] = "x" },
            Overlap = OverlapPolicy.Queue,
            Missed = MissedPolicy.None,
            Owner = "ada",
            Progress = new ScheduleProgress
            {
                NextRun = Noon.ToOffset(TimeSpan.FromHours(2)),
                Waiting = [Noon],
                Open = ["0123456789abcdef"],
            }.With(Left(Noon, "Why.")),
        };

        schedule = await _schedules.CreateAsync(schedule, "ada");
        var read = await _schedules.GetAsync(schedule.Id);

        Assert.Equal(JsonSerializer.Serialize(schedule), JsonSerializer.Serialize(read));
        Assert.Equal(TimeSpan.FromHours(2), read.Progress.NextRun!.Value.Offset);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../models/x")]
    [InlineData("0000000000000000")]
    public async Task What_is_no_id_or_nobodys_is_not_found(string id)
    {
        await Assert.ThrowsAsync<NotFoundException>(() => _schedules.GetAsync(id));
        await Assert.ThrowsAsync<NotFoundException>(() => _schedules.ChangeAsync(id, Task.FromResult));
        await Assert.ThrowsAsync<NotFoundException>(() => _schedules.DeleteAsync(id, revision: null, "ada", Noon));
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_refused_and_changes_nothing()
    {
        await Assert.ThrowsAsync<InvalidRequestException>(() => _schedules.CreateAsync(Schedule() with { Name = new string('x', 257) }, "ada"));
        var schedule = await _schedules.CreateAsync(Schedule(), "ada");

        await Assert.ThrowsAsync<InvalidRequestException>(
            () => _schedules.ChangeAsync(schedule.Id, read => Task.FromResult(read with { Description = new string('x', 40_000) })));

        Assert.Equal("", (await _schedules.GetAsync(schedule.Id)).Description);
        Assert.Equal(1, (await _schedules.ListAsync(new ScheduleFilter(), 10)).Total);
    }

    [Fact]
    public async Task Concurrent_changes_are_all_kept()
    {
        var schedule = await _schedules.CreateAsync(Schedule(), "ada");

        await Task.WhenAll(Enumerable.Range(1, 12).Select(i => _schedules.ChangeAsync(
            schedule.Id, read => Task.FromResult(read with { Progress = read.Progress.With(Left(Noon.AddHours(i), $"{i}")) }))));

        var runs = (await _schedules.GetAsync(schedule.Id)).Progress.Runs;
        Assert.Equal(Enumerable.Range(1, 12).Select(i => $"{i}").Order(), runs.Select(run => run.Reason).Order());
        Assert.Equal(Enumerable.Range(1, 12).Reverse(), runs.Select(run => run.Number));
    }

    [Fact]
    public async Task What_people_change_counts_as_a_revision_and_what_runs_do_does_not()
    {
        var schedule = await _schedules.CreateAsync(Schedule(), "ada");
        await _schedules.ChangeAsync(schedule.Id, read => Task.FromResult(read with { Progress = read.Progress.With(Left(Noon, "x")) }));

        var changed = await _schedules.ReviseAsync(schedule.Id, "1", "update", "ada", read => Task.FromResult(read with { Name = "other" }), Noon.AddHours(1));

        Assert.Equal((2, "other", Noon.AddHours(1)), (changed.Revision, changed.Name, changed.Updated));
        await Assert.ThrowsAsync<PreconditionFailedException>(
            () => _schedules.ReviseAsync(schedule.Id, "1", "update", "ada", read => Task.FromResult(read with { Name = "third" }), Noon));
        await Assert.ThrowsAsync<PreconditionFailedException>(() => _schedules.DeleteAsync(schedule.Id, "1", "ada", Noon));
        await _schedules.DeleteAsync(schedule.Id, "2", "ada", Noon);
        await Assert.ThrowsAsync<NotFoundException>(() => _schedules.GetAsync(schedule.Id));
    }

    [Fact]
    public async Task A_list_has_the_newest_first_and_counts_what_fits()
    {
        for (var i = 0; i < 5; i++)
        {
            await _schedules.CreateAsync(Schedule(i) with
            {
                Job = new ScheduledJob { Type = i < 3 ? "train" : "score", Model = i % 2 == 0 ? "iris" : "rose" },
                Enabled = i != 4,
            }, "ada");
        }

        var first = await _schedules.ListAsync(new ScheduleFilter(), 3);
        var second = await _schedules.ListAsync(new ScheduleFilter(), 3, first.Cursor);

        Assert.Equal(["4", "3", "2", "1", "0"], first.Items.Concat(second.Items).Select(schedule => schedule.Name));
        Assert.Equal((5, 5, null), (first.Total, second.Total, second.Cursor));
        Assert.Equal(2, (await _schedules.ListAsync(new ScheduleFilter { Types = ["score"] }, 10)).Total);
        Assert.Equal(3, (await _schedules.ListAsync(new ScheduleFilter { Model = ModelName.Parse("iris") }, 10)).Total);
        Assert.Equal(1, (await _schedules.ListAsync(new ScheduleFilter { Model = ModelName.Parse("iris"), Enabled = false }, 10)).Total);
        await Assert.ThrowsAsync<InvalidRequestException>(() => _schedules.ListAsync(new ScheduleFilter(), 0));
        await Assert.ThrowsAsync<InvalidRequestException>(() => _schedules.ListAsync(new ScheduleFilter(), 10, "am9iOi4uLy4u"));
    }

    [Fact]
    public void Runs_left_out_for_the_same_reason_are_counted_in_one_and_the_newest_hundred_stay()
    {
        var progress = new ScheduleProgress();
        for (var i = 0; i < 300; i++)
        {
            progress = progress.With(new ScheduleRun { Due = Noon.AddHours(i), At = Noon, Outcome = RunOutcome.Started, Job = $"{i}" });
            progress = progress.With(Left(Noon.AddHours(i).AddMinutes(1), "busy"));
            progress = progress.With(Left(Noon.AddHours(i).AddMinutes(2), "busy"));
        }

        Assert.Equal(100, progress.Runs.Count);
        var newest = progress.Runs[0];
        Assert.Equal((2, 600, Noon.AddHours(299).AddMinutes(2), Noon.AddHours(299).AddMinutes(1)), (newest.Count, newest.Number, newest.Due, newest.Since));
        Assert.Equal("299", progress.LastRun!.Job);
    }

    private static ScheduleStore Open(string account)
    {
        var documents = new BlobDocumentStore(BlobClients.Create(account));
        return new ScheduleStore(documents, new AuditLog(documents, NullLogger<AuditLog>.Instance));
    }

    private static ScheduleRun Left(DateTimeOffset due, string reason) => new() { Due = due, At = due, Outcome = RunOutcome.Skipped, Reason = reason };

    private static Schedule Schedule(int minute = 0) => new()
    {
        Id = JobId.Create(Noon.AddMinutes(minute)),
        Name = $"{minute}",
        Cron = "0 3 * * *",
        TimeZone = "Europe/Berlin",
        Job = new ScheduledJob { Type = "train", Model = "iris" },
        Created = Noon,
        Updated = Noon,
    };
}
