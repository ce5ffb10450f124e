using Larder.Orchestrations.Ingestion.Activities;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Tests.Replay;
using Larder.Orchestrations.Tests.Training;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Tests.Ingestion;

public class IngestArtifactTests
{
    private readonly Rehearsal _rehearsal = new Rehearsal(OrchestrationNames.IngestArtifact, Rehearsal.Job)
        .Activities(ActivityNames.ReportDrop, ActivityNames.EndJob)
        .Activity(ActivityNames.LookAtDrop, _ => new CheckBlobReady.Result(IsComplete: true))
        .Activity(ActivityNames.StageDrop, _ => new StageIngestedBlob.Result())
        .Activity(ActivityNames.CheckArrival, _ => new ValidateIngestedModel.Result(Models.Prepared("a")))
        .Activity(ActivityNames.RegisterArrival, _ => new RegisterIngestedModel.Result(7));

    private JobResult Report => Assert.IsType<JobResult>(_rehearsal.Inputs[^2]);

    [Fact]
    public void A_drop_goes_through_its_steps_and_succeeds()
    {
        _rehearsal.Run();

        Assert.Equal(
            [
                ActivityNames.LookAtDrop, ActivityNames.StageDrop, ActivityNames.CheckArrival, ActivityNames.RegisterArrival, ActivityNames.ReportDrop,
                ActivityNames.EndJob,
            ],
            _rehearsal.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded), Report);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, null), _rehearsal.Ended);
    }

    [Fact]
    public void A_blob_that_is_a_version_already_is_left_at_that_where_no_other_is_wanted()
    {
        _rehearsal.Activity(ActivityNames.LookAtDrop, _ => new CheckBlobReady.Result(IsUnchanged: true, Reason: "Nothing new.", Version: 3));

        _rehearsal.Run();

        Assert.Equal([ActivityNames.LookAtDrop, ActivityNames.ReportDrop, ActivityNames.EndJob], _rehearsal.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "Nothing new."), Report);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "Nothing new."), _rehearsal.Ended);
    }

    [Fact]
    public void A_blob_that_is_being_written_is_waited_for_longer_and_longer()
    {
        var looks = 0;
        _rehearsal.Activity(ActivityNames.LookAtDrop, _ => new CheckBlobReady.Result(IsComplete: ++looks > 8));

        _rehearsal.Run();

        Assert.Equal([1, 2, 4, 8, 16, 30, 30, 30], _rehearsal.Waits.Select(wait => (int)wait.TotalSeconds));
        Assert.Equal(JobState.Succeeded, _rehearsal.Ended!.State);
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
            ActivityNames.LookAtDrop => _rehearsal.Activity(step, _ => new CheckBlobReady.Result(Reason: "No.")),
            ActivityNames.StageDrop => _rehearsal.Activity(step, _ => new StageIngestedBlob.Result(Reason: "No.")),
            ActivityNames.CheckArrival => _rehearsal.Activity(step, _ => new ValidateIngestedModel.Result(null, "No.")),
            _ => _rehearsal.Activity(step, _ => new RegisterIngestedModel.Result(null, "No.")),
        };

        _rehearsal.Run(step);

        Assert.Equal(step, _rehearsal.Calls[^3]);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "No.", IsRefused: true), Report);
        Assert.Equal(Report, _rehearsal.Ended);
    }

    [Theory]
    [InlineData(ActivityNames.LookAtDrop)]
    [InlineData(ActivityNames.StageDrop)]
    public void A_blob_that_is_another_one_by_now_is_left_to_the_other_ones_job(string step)
    {
        _ = step == ActivityNames.LookAtDrop
            ? _rehearsal.Activity(step, _ => new CheckBlobReady.Result(IsReplaced: true))
            : _rehearsal.Activity(step, _ => new StageIngestedBlob.Result(IsReplaced: true));

        _rehearsal.Run(step);

        Assert.True(Report is { IsReplaced: true, IsRefused: false });
        Assert.Equal(JobState.Canceled, _rehearsal.Ended!.State);
    }

    [Fact]
    public void What_goes_wrong_on_the_server_fails_the_job_and_leaves_the_blob()
    {
        _rehearsal.Broken(ActivityNames.CheckArrival).Run();

        Assert.False(Report.IsRefused);
        Assert.Equal((JobState.Failed, "The step CheckArrival failed on the server: The disk is gone."), (_rehearsal.Ended!.State, _rehearsal.Ended!.Reason));
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
            ActivityNames.LookAtDrop => _rehearsal.Activity(during, _ => Canceling(new CheckBlobReady.Result())),
            ActivityNames.StageDrop => _rehearsal.Activity(during, _ => Canceling(new StageIngestedBlob.Result())),
            ActivityNames.CheckArrival => _rehearsal.Activity(during, _ => Canceling(new ValidateIngestedModel.Result(Models.Prepared("a")))),
            _ => _rehearsal.Activity(during, _ => Canceling(new RegisterIngestedModel.Result(7))),
        };

        _rehearsal.Run(during);

        Assert.Equal(succeeded ? JobState.Succeeded : JobState.Canceled, _rehearsal.Ended!.State);
        Assert.Equal(succeeded, _rehearsal.Calls.Contains(ActivityNames.RegisterArrival));
        Assert.False(Report.IsRefused);

        T Canceling<T>(T result)
        {
            _rehearsal.Cancel();
            return result;
        }
    }

    [Fact]
    public void A_cancellation_ends_the_wait_for_a_blob()
    {
        _rehearsal.Activity(ActivityNames.LookAtDrop, _ =>
        {
            if (_rehearsal.Calls.Count == 3)
                _rehearsal.Cancel(after: TimeSpan.FromSeconds(1));
            return new CheckBlobReady.Result();
        });

        _rehearsal.Run();

        Assert.Equal(JobState.Canceled, _rehearsal.Ended!.State);
        Assert.Equal(TimeSpan.FromSeconds(1 + 2 + 1), _rehearsal.Elapsed);
        Assert.False(Report.IsRefused);
    }

    [Fact]
    public void What_the_server_can_do_at_another_try_is_no_failure()
    {
        _rehearsal.Broken(ActivityNames.LookAtDrop, times: 2).Broken(ActivityNames.StageDrop, times: 1).Broken(ActivityNames.EndJob, times: 3).Run();

        Assert.Equal([1, 2, 1, 1, 2, 4], _rehearsal.Waits.Select(wait => (int)wait.TotalSeconds));
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, null), _rehearsal.Ended);
    }
}
