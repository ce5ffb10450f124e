using Larder.Registry;

namespace Larder.Orchestrations.Tests;

public class IngestArtifactTests
{
    private readonly Rehearsal rehearsal = new Rehearsal(OrchestrationNames.IngestArtifact, Rehearsal.Job)
        .Activities(ActivityNames.BeginJob, ActivityNames.ReportDrop, ActivityNames.EndJob)
        .Activity(ActivityNames.LookAtDrop, _ => new LookAtDrop.Result(IsComplete: true))
        .Activity(ActivityNames.StageDrop, _ => new StageDrop.Result())
        .Activity(ActivityNames.CheckArrival, _ => new CheckArrival.Result(Models.Prepared("a")))
        .Activity(ActivityNames.RegisterArrival, _ => new RegisterArrival.Result(7));

    private ReportDrop.Input Report => Assert.IsType<ReportDrop.Input>(rehearsal.Inputs[^2]);

    [Fact]
    public void A_drop_goes_through_its_steps_and_succeeds()
    {
        rehearsal.Run();

        Assert.Equal(
            [
                ActivityNames.BeginJob, ActivityNames.LookAtDrop, ActivityNames.StageDrop, ActivityNames.CheckArrival, ActivityNames.RegisterArrival,
                ActivityNames.ReportDrop, ActivityNames.EndJob,
            ],
            rehearsal.Calls);
        Assert.Equal(new ReportDrop.Input(Rehearsal.Job, JobState.Succeeded, null, 7), Report);
        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Succeeded, null), rehearsal.Ended);
    }

    [Fact]
    public void A_blob_that_is_a_version_already_is_left_at_that_where_no_other_is_wanted()
    {
        rehearsal.Activity(ActivityNames.LookAtDrop, _ => new LookAtDrop.Result(IsUnchanged: true, Reason: "Nothing new.", Version: 3));

        rehearsal.Run();

        Assert.Equal([ActivityNames.BeginJob, ActivityNames.LookAtDrop, ActivityNames.ReportDrop, ActivityNames.EndJob], rehearsal.Calls);
        Assert.Equal(new ReportDrop.Input(Rehearsal.Job, JobState.Succeeded, "Nothing new.", 3), Report);
        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Succeeded, "Nothing new."), rehearsal.Ended);
    }

    [Fact]
    public void A_blob_that_is_being_written_is_waited_for_longer_and_longer()
    {
        var looks = 0;
        rehearsal.Activity(ActivityNames.LookAtDrop, _ => new LookAtDrop.Result(IsComplete: ++looks > 8));

        rehearsal.Run();

        Assert.Equal([1, 2, 4, 8, 16, 30, 30, 30], rehearsal.Waits.Select(wait => (int)wait.TotalSeconds));
        Assert.Equal(JobState.Succeeded, rehearsal.Ended!.State);
    }

    [Theory]
    [InlineData(ActivityNames.LookAtDrop)]
    [InlineData(ActivityNames.StageDrop)]
    [InlineData(ActivityNames.CheckArrival)]
    [InlineData(ActivityNames.RegisterArrival)]
    public void What_is_wrong_with_the_model_fails_the_job_and_refuses_the_blob(string step)
    {
        _ = step switch
        {
            ActivityNames.LookAtDrop => rehearsal.Activity(step, _ => new LookAtDrop.Result(Reason: "No.")),
            ActivityNames.StageDrop => rehearsal.Activity(step, _ => new StageDrop.Result(Reason: "No.")),
            ActivityNames.CheckArrival => rehearsal.Activity(step, _ => new CheckArrival.Result(null, "No.")),
            _ => rehearsal.Activity(step, _ => new RegisterArrival.Result(null, "No.")),
        };

        rehearsal.Run(step);

        Assert.Equal(step, rehearsal.Calls[^3]);
        Assert.Equal(new ReportDrop.Input(Rehearsal.Job, JobState.Failed, "No.", IsRefused: true), Report);
        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Failed, "No."), rehearsal.Ended);
    }

    [Theory]
    [InlineData(ActivityNames.LookAtDrop)]
    [InlineData(ActivityNames.StageDrop)]
    public void A_blob_that_is_another_one_by_now_is_left_to_the_other_ones_job(string step)
    {
        _ = step == ActivityNames.LookAtDrop
            ? rehearsal.Activity(step, _ => new LookAtDrop.Result(IsReplaced: true))
            : rehearsal.Activity(step, _ => new StageDrop.Result(IsReplaced: true));

        rehearsal.Run(step);

        Assert.True(Report is { IsReplaced: true, IsRefused: false });
        Assert.Equal(JobState.Canceled, rehearsal.Ended!.State);
    }

    [Fact]
    public void What_goes_wrong_on_the_server_fails_the_job_and_leaves_the_blob()
    {
        rehearsal.Broken(ActivityNames.CheckArrival).Run();

        Assert.False(Report.IsRefused);
        Assert.Equal((JobState.Failed, "The step CheckArrival failed on the server: The disk is gone."), (rehearsal.Ended!.State, rehearsal.Ended!.Reason));
    }

    [Theory]
    [InlineData(ActivityNames.LookAtDrop, false)]
    [InlineData(ActivityNames.StageDrop, false)]
    [InlineData(ActivityNames.CheckArrival, false)]
    [InlineData(ActivityNames.RegisterArrival, true)]
    public void Cancelling_is_heeded_until_registering_begins(string during, bool succeeded)
    {
        _ = during switch
        {
            ActivityNames.LookAtDrop => rehearsal.Activity(during, _ => Canceling(new LookAtDrop.Result())),
            ActivityNames.StageDrop => rehearsal.Activity(during, _ => Canceling(new StageDrop.Result())),
            ActivityNames.CheckArrival => rehearsal.Activity(during, _ => Canceling(new CheckArrival.Result(Models.Prepared("a")))),
            _ => rehearsal.Activity(during, _ => Canceling(new RegisterArrival.Result(7))),
        };

        rehearsal.Run(during);

        Assert.Equal(succeeded ? JobState.Succeeded : JobState.Canceled, rehearsal.Ended!.State);
        Assert.Equal(succeeded, rehearsal.Calls.Contains(ActivityNames.RegisterArrival));
        Assert.False(Report.IsRefused);

        T Canceling<T>(T result)
        {
            rehearsal.Cancel();
            return result;
        }
    }

    [Fact]
    public void A_cancellation_ends_the_wait_for_a_blob()
    {
        rehearsal.Activity(ActivityNames.LookAtDrop, _ =>
        {
            if (rehearsal.Calls.Count == 4)
                rehearsal.Cancel(after: TimeSpan.FromSeconds(1));
            return new LookAtDrop.Result();
        });

        rehearsal.Run();

        Assert.Equal(JobState.Canceled, rehearsal.Ended!.State);
        Assert.Equal(TimeSpan.FromSeconds(1 + 2 + 1), rehearsal.Elapsed);
        Assert.False(Report.IsRefused);
    }

    [Fact]
    public void What_the_server_can_do_at_another_try_is_no_failure()
    {
        rehearsal.Broken(ActivityNames.BeginJob, times: 2).Broken(ActivityNames.StageDrop, times: 1).Broken(ActivityNames.EndJob, times: 3).Run();

        Assert.Equal([1, 2, 1, 1, 2, 4], rehearsal.Waits.Select(wait => (int)wait.TotalSeconds));
        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Succeeded, null), rehearsal.Ended);
    }
}
