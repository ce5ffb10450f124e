using Larder.Registry;

namespace Larder.Orchestrations.Tests;

public class ReceiveDatasetTests
{
    private readonly Rehearsal rehearsal = new Rehearsal(OrchestrationNames.ReceiveDataset, Rehearsal.Job)
        .Activities(ActivityNames.BeginJob, ActivityNames.ReleaseUpload, ActivityNames.EndJob)
        .Activity<string?>(ActivityNames.StageDataset, _ => null)
        .Activity(ActivityNames.RegisterDataset, _ => "It is datasets/iris/a.csv.");

    [Fact]
    public void A_data_set_goes_through_its_steps_and_says_how_it_is_named()
    {
        rehearsal.Run();

        Assert.Equal(
            [ActivityNames.BeginJob, ActivityNames.StageDataset, ActivityNames.RegisterDataset, ActivityNames.ReleaseUpload, ActivityNames.EndJob],
            rehearsal.Calls);
        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Succeeded, "It is datasets/iris/a.csv."), rehearsal.Ended);
    }

    [Fact]
    public void What_is_not_what_was_announced_fails_the_job_and_keeps_the_blocks()
    {
        rehearsal.Activity<string?>(ActivityNames.StageDataset, _ => "No.").Run();

        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Failed, "No."), rehearsal.Ended);
        Assert.DoesNotContain(ActivityNames.RegisterDataset, rehearsal.Calls);
        Assert.DoesNotContain(ActivityNames.ReleaseUpload, rehearsal.Calls);
    }

    [Fact]
    public void What_goes_wrong_on_the_server_fails_the_job()
    {
        rehearsal.Broken(ActivityNames.RegisterDataset).Run();

        Assert.Equal((JobState.Failed, "The step RegisterDataset failed on the server: The disk is gone."), (rehearsal.Ended!.State, rehearsal.Ended!.Reason));
    }

    [Fact]
    public void A_canceled_one_gets_no_name()
    {
        rehearsal.Activity<string?>(ActivityNames.StageDataset, _ =>
        {
            rehearsal.Cancel();
            return null;
        }).Run();

        Assert.Equal(JobState.Canceled, rehearsal.Ended!.State);
        Assert.DoesNotContain(ActivityNames.RegisterDataset, rehearsal.Calls);
    }

    [Fact]
    public void What_the_server_can_do_at_another_try_is_no_failure()
    {
        rehearsal.Broken(ActivityNames.StageDataset, times: 9).Run();

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], rehearsal.Waits.Select(wait => (int)wait.TotalSeconds));
        Assert.Equal(JobState.Succeeded, rehearsal.Ended!.State);
    }

    [Fact]
    public void A_job_whose_end_cannot_be_written_for_hours_is_left_to_the_janitor()
    {
        rehearsal.Broken(ActivityNames.EndJob).Run();

        Assert.True(rehearsal.IsBroken);
        Assert.InRange(rehearsal.Elapsed, TimeSpan.FromHours(7), TimeSpan.FromHours(9));
    }
}
