using Larder.Orchestrations.Schedules;
using Larder.Registry.Schedules;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Schedules;

[Collection(AzuriteCollection.Name)]
public sealed class OverlapTests(Azurite azurite)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Bakery _bakery = new(azurite.NewAccount(), options: new ScheduleOptions { MaxWaiting = 2 });

    [Fact]
    public async Task Skip_leaves_out_what_is_due_while_a_job_runs_and_says_why()
    {
        var schedule = await _bakery.AddAsync("* * * * *", OverlapPolicy.Skip);
        await _bakery.TickAfterAsync(Minute);
        await _bakery.TickAfterAsync(Minute);
        await _bakery.TickAfterAsync(Minute);
        await _bakery.EndAllAsync();
        await _bakery.TickAfterAsync(Minute);

        Assert.Equal([Bakery.Noon + Minute, Bakery.Noon + 4 * Minute], await _bakery.RunAsync(schedule));
        var skipped = (await _bakery.ProgressAsync(schedule)).Runs[1];
        Assert.Equal(
            (RunOutcome.Skipped, 2, Bakery.Noon + 3 * Minute, Bakery.Noon + 2 * Minute),
            (skipped.Outcome, skipped.Count, skipped.Due, skipped.Since));
        Assert.Equal("The job of an earlier run had not ended.", skipped.Reason);
    }

    [Fact]
    public async Task Queue_runs_one_after_the_other_and_only_so_many_may_wait()
    {
        var schedule = await _bakery.AddAsync("* * * * *", OverlapPolicy.Queue);
        for (var i = 1; i <= 5; i++)
            await _bakery.TickAfterAsync(Minute);
        var progress = await _bakery.ProgressAsync(schedule);
        Assert.Equal([Bakery.Noon + 2 * Minute, Bakery.Noon + 3 * Minute], progress.Waiting);
        Assert.Equal((RunOutcome.Skipped, "2 earlier ones were waiting already.", 2), (progress.Runs[0].Outcome, progress.Runs[0].Reason, progress.Runs[0].Count));
        Assert.Single(_bakery.Started);

        await _bakery.EndAllAsync();
        await _bakery.TickAsync();
        Assert.Equal(2, _bakery.Started.Count);
        await _bakery.TickAsync();
        Assert.Equal(2, _bakery.Started.Count);
        await _bakery.EndAllAsync();
        await _bakery.TickAsync();

        Assert.Equal([Bakery.Noon + Minute, Bakery.Noon + 2 * Minute, Bakery.Noon + 3 * Minute], await _bakery.RunAsync(schedule));
        Assert.Empty((await _bakery.ProgressAsync(schedule)).Waiting);
        Assert.Single((await _bakery.ProgressAsync(schedule)).Open);
    }

    [Fact]
    public async Task Allow_runs_them_beside_each_other()
    {
        var schedule = await _bakery.AddAsync("*/20 * * * * *", OverlapPolicy.Allow);
        await _bakery.TickAfterAsync(TimeSpan.FromSeconds(40));
        await _bakery.TickAfterAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(
            [Bakery.Noon.AddSeconds(20), Bakery.Noon.AddSeconds(40), Bakery.Noon.AddSeconds(60)], await _bakery.RunAsync(schedule));
        Assert.All(await _bakery.JobsOfAsync(schedule), job => Assert.False(job.IsFinal));
        Assert.Equal(3, _bakery.Started.Count);
    }

    [Fact]
    public async Task A_run_that_somebody_asked_for_is_one_that_others_wait_for()
    {
        var schedule = await _bakery.AddAsync("* * * * *", OverlapPolicy.Skip);
        var asked = await _bakery.RunNowAsync(schedule);
        await _bakery.TickAfterAsync(Minute);

        var runs = (await _bakery.ProgressAsync(schedule)).Runs;
        Assert.Equal([RunOutcome.Skipped, RunOutcome.Started], runs.Select(run => run.Outcome));
        Assert.Equal((asked.Id, true), (runs[1].Job, runs[1].Manual));
    }
}
