using Larder.Registry;

namespace Larder.Orchestrations.Tests;

public class ReceiveUploadTests
{
    private readonly JobRehearsal rehearsal = new JobRehearsal()
        .Activity<string?>(ActivityNames.StageUpload, _ => null)
        .Activity(ActivityNames.CheckArrival, _ => new CheckArrival.Result(Models.Prepared("a")))
        .Activity(ActivityNames.RegisterArrival, _ => new RegisterArrival.Result(7, "The alias x did not move."))
        .Activity<object?>(ActivityNames.ReleaseUpload, _ => null);

    [Fact]
    public async Task An_upload_goes_through_its_steps_and_says_what_did_not_work_after_them()
    {
        await rehearsal.RunAsync(ReceiveUpload.Run);

        Assert.Equal(
            [ActivityNames.BeginJob, ActivityNames.StageUpload, ActivityNames.CheckArrival, ActivityNames.RegisterArrival, ActivityNames.ReleaseUpload, ActivityNames.EndJob], rehearsal.Calls);
        Assert.Equal(new EndJob.Input(JobRehearsal.Job, JobState.Succeeded, "The alias x did not move."), rehearsal.Ended);
    }

    [Theory]
    [InlineData(ActivityNames.StageUpload)]
    [InlineData(ActivityNames.CheckArrival)]
    [InlineData(ActivityNames.RegisterArrival)]
    public async Task What_is_wrong_with_the_upload_fails_the_job_and_keeps_the_blocks_for_another_try(string step)
    {
        _ = step switch
        {
            ActivityNames.StageUpload => rehearsal.Activity<string?>(step, _ => "No."),
            ActivityNames.CheckArrival => rehearsal.Activity(step, _ => new CheckArrival.Result(null, "No.")),
            _ => rehearsal.Activity(step, _ => new RegisterArrival.Result(null, "No.")),
        };

        await rehearsal.RunAsync(ReceiveUpload.Run);

        Assert.Equal(new EndJob.Input(JobRehearsal.Job, JobState.Failed, "No."), rehearsal.Ended);
        Assert.DoesNotContain(ActivityNames.ReleaseUpload, rehearsal.Calls);
    }

    [Fact]
    public async Task What_goes_wrong_on_the_server_fails_the_job()
    {
        await rehearsal.Broken<string?>(ActivityNames.StageUpload).RunAsync(ReceiveUpload.Run);

        Assert.Equal((JobState.Failed, "The step StageUpload failed on the server: The disk is gone."), (rehearsal.Ended.State, rehearsal.Ended.Reason));
    }

    [Fact]
    public async Task A_canceled_upload_registers_nothing()
    {
        await rehearsal.Activity<string?>(ActivityNames.StageUpload, _ =>
        {
            rehearsal.Cancel();
            return null;
        }).RunAsync(ReceiveUpload.Run);

        Assert.Equal(JobState.Canceled, rehearsal.Ended.State);
        Assert.DoesNotContain(ActivityNames.CheckArrival, rehearsal.Calls);
    }
}
