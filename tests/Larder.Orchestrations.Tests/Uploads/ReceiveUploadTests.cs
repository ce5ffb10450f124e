using Larder.Registry;

namespace Larder.Orchestrations.Tests;

public class ReceiveUploadTests
{
    private readonly Rehearsal rehearsal = new Rehearsal(OrchestrationNames.ReceiveUpload, Rehearsal.Job)
        .Activities(ActivityNames.BeginJob, ActivityNames.ReleaseUpload, ActivityNames.EndJob)
        .Activity<string?>(ActivityNames.StageUpload, _ => null)
        .Activity(ActivityNames.CheckArrival, _ => new CheckArrival.Result(Models.Prepared("a")))
        .Activity(ActivityNames.RegisterArrival, _ => new RegisterArrival.Result(7, "The alias x did not move."));

    [Fact]
    public void An_upload_goes_through_its_steps_and_says_what_did_not_work_after_them()
    {
        rehearsal.Run();

        Assert.Equal(
            [
                ActivityNames.BeginJob, ActivityNames.StageUpload, ActivityNames.CheckArrival, ActivityNames.RegisterArrival, ActivityNames.ReleaseUpload,
                ActivityNames.EndJob,
            ],
            rehearsal.Calls);
        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Succeeded, "The alias x did not move."), rehearsal.Ended);
    }

    [Theory]
    [InlineData(ActivityNames.StageUpload)]
    [InlineData(ActivityNames.CheckArrival)]
    [InlineData(ActivityNames.RegisterArrival)]
    public void What_is_wrong_with_the_upload_fails_the_job_and_keeps_the_blocks_for_another_try(string step)
    {
        _ = step switch
        {
            ActivityNames.StageUpload => rehearsal.Activity<string?>(step, _ => "No."),
            ActivityNames.CheckArrival => rehearsal.Activity(step, _ => new CheckArrival.Result(null, "No.")),
            _ => rehearsal.Activity(step, _ => new RegisterArrival.Result(null, "No.")),
        };

        rehearsal.Run(step);

        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Failed, "No."), rehearsal.Ended);
        Assert.DoesNotContain(ActivityNames.ReleaseUpload, rehearsal.Calls);
    }

    [Fact]
    public void What_goes_wrong_on_the_server_fails_the_job()
    {
        rehearsal.Broken(ActivityNames.StageUpload).Run();

        Assert.Equal((JobState.Failed, "The step StageUpload failed on the server: The disk is gone."), (rehearsal.Ended!.State, rehearsal.Ended!.Reason));
    }

    [Theory]
    [InlineData(ActivityNames.StageUpload, false)]
    [InlineData(ActivityNames.CheckArrival, false)]
    [InlineData(ActivityNames.RegisterArrival, true)]
    public void Cancelling_is_heeded_until_registering_begins(string during, bool succeeded)
    {
        _ = during switch
        {
            ActivityNames.StageUpload => rehearsal.Activity<string?>(during, _ => Canceling<string?>(null)),
            ActivityNames.CheckArrival => rehearsal.Activity(during, _ => Canceling(new CheckArrival.Result(Models.Prepared("a")))),
            _ => rehearsal.Activity(during, _ => Canceling(new RegisterArrival.Result(7))),
        };

        rehearsal.Run(during);

        Assert.Equal(succeeded ? JobState.Succeeded : JobState.Canceled, rehearsal.Ended!.State);
        Assert.Equal(succeeded, rehearsal.Calls.Contains(ActivityNames.RegisterArrival));

        T Canceling<T>(T result)
        {
            rehearsal.Cancel();
            return result;
        }
    }

    [Fact]
    public void What_the_server_can_do_at_another_try_is_no_failure()
    {
        rehearsal.Broken(ActivityNames.CheckArrival, times: 2).Run();

        Assert.Equal(JobState.Succeeded, rehearsal.Ended!.State);
        Assert.Equal(3, rehearsal.Calls.Count(call => call == ActivityNames.CheckArrival));
    }
}
