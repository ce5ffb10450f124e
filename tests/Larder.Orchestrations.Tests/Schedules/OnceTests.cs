using System.Collections.Concurrent;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Schedules;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Schedules;

/// <summary>An occurrence is one job, wherever a server crashes and however many servers there are.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class OnceTests(Azurite azurite)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Bakery _bakery = new(azurite.NewAccount());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_host_that_dies_at_any_storage_call_leaves_an_occurrence_that_runs_once(bool afterwards)
    {
        var deaths = 0;
        for (var call = 1; ; call++)
        {
            var schedule = await _bakery.AddAsync("0 * * * *", OverlapPolicy.Skip, MissedPolicy.Once);
            var death = new CrashPoint(call, afterwards);
            _bakery.Time.Advance(TimeSpan.FromHours(1));
            try
            {
                await _bakery.Other(store => new CrashingDocumentStore(store, death)).TickAsync();
            }
            catch (CrashPoint.DeadException)
            {
                // While it read the schedules.
            }

            // So late that an occurrence about which nothing was decided is made up for.
            _bakery.Time.Advance(TimeSpan.FromMinutes(5));
            await _bakery.TickAsync();

            var run = Assert.Single((await _bakery.ProgressAsync(schedule)).Runs);
            var job = Assert.Single(await _bakery.JobsOfAsync(schedule));
            Assert.Equal((RunOutcome.Started, job.Id), (run.Outcome, run.Job));
            Assert.Contains(job.Id, _bakery.Started);
            await _bakery.Schedules.DeleteAsync(schedule.Id, revision: null, Bakery.Actor, _bakery.Time.GetUtcNow());
            await _bakery.EndAllAsync();
            if (!death.IsCrashed)
                break;
            // To the full hour: the next schedule has one occurrence in the time that its round takes.
            _bakery.Time.Advance(TimeSpan.FromMinutes(55));
            deaths++;
        }

        Assert.True(deaths > 6, $"It crashed {deaths} times only.");
    }

    [Fact]
    public async Task An_occurrence_that_is_taken_up_again_is_the_same_job_even_after_an_edit()
    {
        var schedule = await _bakery.AddAsync("* * * * *");
        await _bakery.TickAfterAsync(Minute);
        var job = Assert.Single(await _bakery.JobsOfAsync(schedule));

        // As a host leaves it that crashes before it has stored the job.
        await _bakery.Schedules.ChangeAsync(schedule.Id, read => Task.FromResult(read with
        {
            Job = read.Job with { Model = "cake" },
            Progress = read.Progress with { Waiting = [Bakery.Noon + Minute], Open = [], Runs = [], LastRun = null },
        }));
        await _bakery.TickAsync();

        Assert.Equal(job.Id, Assert.Single((await _bakery.ProgressAsync(schedule)).Runs).Job);
        Assert.Equal("bread", Assert.Single(await _bakery.JobsOfAsync(schedule)).Model);
        Assert.Single(_bakery.Started);
    }

    [Fact]
    public async Task There_are_so_many_schedules_and_no_more()
    {
        var small = new Bakery(azurite.NewAccount(), options: new ScheduleOptions { MaxSchedules = 2 });
        await small.AddAsync("* * * * *");
        var second = await small.AddAsync("* * * * *");
        await Assert.ThrowsAsync<ConflictException>(() => small.AddAsync("* * * * *"));

        await small.Schedules.DeleteAsync(second.Id, revision: null, Bakery.Actor, small.Time.GetUtcNow());

        Assert.NotEqual(second.Id, (await small.AddAsync("* * * * *")).Id);
    }

    [Fact]
    public async Task Four_hosts_at_once_make_one_job_of_each_occurrence()
    {
        var hosts = Enumerable.Range(0, 4).Select(_ => _bakery.Other()).ToList();
        var schedules = new List<Schedule>();
        for (var i = 0; i < 3; i++)
            schedules.Add(await _bakery.AddAsync("* * * * *"));
        for (var round = 1; round <= 10; round++)
        {
            _bakery.Time.Advance(Minute);
            await Task.WhenAll(hosts.Select(host => Task.Run(host.TickAsync)));
        }

        foreach (var schedule in schedules)
        {
            Assert.Equal(Enumerable.Range(1, 10).Select(i => Bakery.Noon + i * Minute), await _bakery.RunAsync(schedule));
            Assert.Equal(10, (await _bakery.JobsOfAsync(schedule)).Count);
        }
        Assert.Equal(30, _bakery.Started.Count);
    }

    [Fact]
    public async Task What_cannot_be_started_is_written_down_and_the_next_is_tried()
    {
        var schedule = await _bakery.AddAsync("* * * * *");
        _bakery.Bake.Fault = new ConflictException("The input script of the job x is not stored any more.");
        await _bakery.TickAfterAsync(Minute);
        var failed = (await _bakery.ProgressAsync(schedule)).LastRun!;
        Assert.Equal((RunOutcome.Failed, "The input script of the job x is not stored any more."), (failed.Outcome, failed.Reason));

        _bakery.Bake.Fault = null;
        await _bakery.TickAfterAsync(Minute);

        Assert.Equal([Bakery.Noon + 2 * Minute], await _bakery.RunAsync(schedule));
    }

    [Fact]
    public async Task An_occurrence_waits_for_the_end_of_an_outage()
    {
        var schedule = await _bakery.AddAsync("* * * * *", missed: MissedPolicy.None);
        _bakery.Bake.Fault = new StorageUnavailableException("The storage account does not answer as it should; try again later.");
        await _bakery.TickAfterAsync(Minute);
        Assert.Equal([Bakery.Noon + Minute], (await _bakery.ProgressAsync(schedule)).Waiting);

        _bakery.Bake.Fault = null;
        await _bakery.TickAfterAsync(10 * Minute);

        Assert.Equal([Bakery.Noon + Minute, Bakery.Noon + 11 * Minute], await _bakery.RunAsync(schedule));
    }

    [Fact]
    public async Task Each_look_starts_so_many_and_the_rest_comes_with_the_next()
    {
        var small = new Bakery(azurite.NewAccount(), options: new ScheduleOptions { MaxStarts = 2 });
        for (var i = 0; i < 5; i++)
            await small.AddAsync("* * * * *", missed: MissedPolicy.None);
        var counts = new ConcurrentQueue<int>();
        small.Time.Advance(Minute);
        for (var i = 0; i < 3; i++)
        {
            await small.TickAsync();
            counts.Enqueue(small.Started.Count);
        }

        Assert.Equal([2, 4, 5], counts);
    }

    [Fact]
    public async Task Asking_for_a_run_again_with_the_same_key_gives_the_same_job()
    {
        var schedule = await _bakery.AddAsync("0 0 1 1 *");
        var first = await _bakery.RunNowAsync(schedule, "key");
        var second = await _bakery.RunNowAsync(schedule, "key");
        var other = await _bakery.RunNowAsync(schedule, "other key");

        Assert.Equal(first.Id, second.Id);
        Assert.NotEqual(first.Id, other.Id);
        Assert.Equal([other.Id, first.Id], (await _bakery.ProgressAsync(schedule)).Runs.Select(run => run.Job));
        await Assert.ThrowsAsync<InvalidRequestException>(() => _bakery.RunNowAsync(schedule, new string('k', 256)));
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, "key")]
    [InlineData(true, "key")]
    public async Task A_run_that_somebody_asked_for_is_known_to_its_schedule_and_the_audit_log_wherever_the_host_dies(bool afterwards, string? key)
    {
        var (deaths, jobs) = (0, 0);
        for (var call = 1; ; call++)
        {
            var schedule = await _bakery.AddAsync("0 0 1 1 *");
            await _bakery.Editor.EnableAsync(schedule.Id, revision: null, enabled: false, Bakery.Baker, CancellationToken.None);
            var death = new CrashPoint(call, afterwards);
            string? answered = null;
            try
            {
                answered = (await _bakery.Other(store => new CrashingDocumentStore(store, death)).RunNowAsync(schedule, key)).Id;
            }
            catch (CrashPoint.DeadException)
            {
            }

            await _bakery.TickAfterAsync(2 * Minute);
            await _bakery.TickAsync();

            var progress = await _bakery.ProgressAsync(schedule);
            var made = await _bakery.JobsOfAsync(schedule);
            Assert.Empty(progress.Asked);
            Assert.Equal(made.Select(job => job.Id), progress.Runs.Select(run => run.Job));
            Assert.Equal(progress.Runs.Select(run => run.Job), progress.Open);
            Assert.All(made, job => Assert.Contains(job.Id, _bakery.Started));
            Assert.All(progress.Runs, run => Assert.True(run.Manual));
            var records = (await _bakery.Audit.ListAsync(new AuditFilter { Subject = AuditSubject.Parse($"schedule:{schedule.Id}") }, 100, null)).Items.Where(record => record.What == "run").ToList();
            Assert.Equal(made.Select(job => job.Id), records.Select(record => record.After!.Value.GetProperty("job").GetString()));
            Assert.All(records, record => Assert.Equal(Bakery.Actor, record.Who));
            if (answered is not null)
                Assert.Equal(answered, Assert.Single(made).Id);

            // Asking again with the key goes on from there.
            if (key is not null && made is [var only])
                Assert.Equal(only.Id, (await _bakery.RunNowAsync(schedule, key)).Id);
            jobs += made.Count;
            if (!death.IsCrashed)
                break;
            deaths++;
        }

        Assert.True(deaths > 5, $"It crashed {deaths} times only.");
        Assert.True(jobs > 2, $"It made {jobs} jobs only.");
    }

    [Fact]
    public async Task A_run_that_cannot_be_had_is_refused_and_nothing_is_left_of_it()
    {
        var schedule = await _bakery.AddAsync("0 0 1 1 *");
        _bakery.Bake.Fault = new ConflictException("The input script of the job x is not stored any more.");

        await Assert.ThrowsAsync<ConflictException>(() => _bakery.RunNowAsync(schedule));

        var progress = await _bakery.ProgressAsync(schedule);
        Assert.Empty(progress.Asked);
        Assert.Empty(progress.Runs);
        Assert.Empty(await _bakery.JobsOfAsync(schedule));
    }

    [Fact]
    public async Task Pausing_leaves_out_what_was_waiting_and_editing_loses_nothing()
    {
        var schedule = await _bakery.AddAsync("* * * * *", OverlapPolicy.Queue);
        await _bakery.TickAfterAsync(Minute);
        await _bakery.TickAfterAsync(Minute);
        await _bakery.Editor.ChangeAsync(schedule.Id, null, new SchedulePatch { Description = "Fresh." }, Bakery.Baker, CancellationToken.None);
        Assert.Single((await _bakery.ProgressAsync(schedule)).Waiting);
        Assert.Equal(Bakery.Noon + 3 * Minute, (await _bakery.ProgressAsync(schedule)).NextRun);

        await _bakery.Editor.EnableAsync(schedule.Id, null, enabled: false, Bakery.Baker, CancellationToken.None);
        await _bakery.EndAllAsync();
        await _bakery.TickAfterAsync(Minute);

        var progress = await _bakery.ProgressAsync(schedule);
        Assert.Empty(progress.Waiting);
        Assert.Equal((RunOutcome.Skipped, "The schedule was paused."), (progress.Runs[0].Outcome, progress.Runs[0].Reason));
        Assert.Single(_bakery.Started);
    }
}
