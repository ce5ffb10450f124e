using Larder.Registry;

namespace Larder.Orchestrations.Tests;

public class ReceiveDatasetTests
{
    private readonly JobRehearsal rehearsal = new JobRehearsal()
        .Activity<string?>(ActivityNames.StageDataset, _ => null)
        .Activity(ActivityNames.RegisterDataset, _ => "It is datasets/iris/a.csv.")
        .Activity<object?>(ActivityNames.ReleaseUpload, _ => null);

    [Fact]
    public async Task A_data_set_goes_through_its_steps_and_says_how_it_is_named()
    {
        await rehearsal.RunAsync(ReceiveDataset.Run);

        Assert.Equal([ActivityNames.BeginJob, ActivityNames.StageDataset, ActivityNames.RegisterDataset, ActivityNames.ReleaseUpload, ActivityNames.EndJob], rehearsal.Calls);
        Assert.Equal(new EndJob.Input(JobRehearsal.Job, JobState.Succeeded, "It is datasets/iris/a.csv."), rehearsal.Ended);
    }

    [Fact]
    public async Task What_is_not_what_was_announced_fails_the_job_and_keeps_the_blocks()
    {
        await rehearsal.Activity<string?>(ActivityNames.StageDataset, _ => "No.").RunAsync(ReceiveDataset.Run);

        Assert.Equal(new EndJob.Input(JobRehearsal.Job, JobState.Failed, "No."), rehearsal.Ended);
        Assert.DoesNotContain(ActivityNames.RegisterDataset, rehearsal.Calls);
        Assert.DoesNotContain(ActivityNames.ReleaseUpload, rehearsal.Calls);
    }

    [Fact]
    public async Task What_goes_wrong_on_the_server_fails_the_job()
    {
        await rehearsal.Broken<string>(ActivityNames.RegisterDataset).RunAsync(ReceiveDataset.Run);

        Assert.Equal((JobState.Failed, "The step RegisterDataset failed on the server: The disk is gone."), (rehearsal.Ended.State, rehearsal.Ended.Reason));
    }

    [Fact]
    public async Task A_canceled_one_gets_no_name()
    {
        await rehearsal.Activity<string?>(ActivityNames.StageDataset, _ =>
        {
            rehearsal.Cancel();
            return null;
        }).RunAsync(ReceiveDataset.Run);

        Assert.Equal(JobState.Canceled, rehearsal.Ended.State);
        Assert.DoesNotContain(ActivityNames.RegisterDataset, rehearsal.Calls);
    }
}
