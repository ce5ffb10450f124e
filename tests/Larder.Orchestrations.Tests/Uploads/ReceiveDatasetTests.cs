using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Tests.Replay;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Tests.Uploads;

public class ReceiveDatasetTests
{
    private readonly Rehearsal _rehearsal = new Rehearsal(OrchestrationNames.ReceiveDataset, Rehearsal.Job)
        .Activities(ActivityNames.ReleaseUpload, ActivityNames.EndJob)
        .Activity<string?>(ActivityNames.StageDataset, _ => null)
        .Activity(ActivityNames.RegisterDataset, _ => "It is datasets/iris/a.csv.");

    [Fact]
    public void A_data_set_goes_through_its_steps_and_says_how_it_is_named()
    {
        _rehearsal.Run();

        Assert.Equal(
            [ActivityNames.StageDataset, ActivityNames.RegisterDataset, ActivityNames.ReleaseUpload, ActivityNames.EndJob],
            _rehearsal.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "It is datasets/iris/a.csv."), _rehearsal.Ended);
    }

    [Fact]
    public void What_is_not_what_was_announced_fails_the_job_and_keeps_the_blocks()
    {
        _rehearsal.Activity<string?>(ActivityNames.StageDataset, _ => "No.").Run();

        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "No."), _rehearsal.Ended);
        Assert.DoesNotContain(ActivityNames.RegisterDataset, _rehearsal.Calls);
        Assert.DoesNotContain(ActivityNames.ReleaseUpload, _rehearsal.Calls);
    }

    [Fact]
    public void What_goes_wrong_on_the_server_fails_the_job()
    {
        _rehearsal.Broken(ActivityNames.RegisterDataset).Run();

        Assert.Equal((JobState.Failed, "The step RegisterDataset failed on the server: The disk is gone."), (_rehearsal.Ended!.State, _rehearsal.Ended!.Reason));
    }

    [Fact]
    public void A_canceled_one_gets_no_name()
    {
        _rehearsal.Activity<string?>(ActivityNames.StageDataset, _ =>
        {
            _rehearsal.Cancel();
            return null;
        }).Run();

        Assert.Equal(JobState.Canceled, _rehearsal.Ended!.State);
        Assert.DoesNotContain(ActivityNames.RegisterDataset, _rehearsal.Calls);
    }

    [Fact]
    public void What_the_server_can_do_at_another_try_is_no_failure()
    {
        _rehearsal.Broken(ActivityNames.StageDataset, times: 9).Run();

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], _rehearsal.Waits.Select(wait => (int)wait.TotalSeconds));
        Assert.Equal(JobState.Succeeded, _rehearsal.Ended!.State);
    }

    [Fact]
    public void A_job_whose_end_cannot_be_written_for_hours_is_left_to_the_janitor()
    {
        _rehearsal.Broken(ActivityNames.EndJob).Run();

        Assert.True(_rehearsal.IsBroken);
        Assert.InRange(_rehearsal.Elapsed, TimeSpan.FromHours(7), TimeSpan.FromHours(9));
    }
}
