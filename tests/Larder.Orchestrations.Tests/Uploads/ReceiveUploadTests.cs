using Larder.Orchestrations.Ingestion.Activities;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Tests.Replay;
using Larder.Orchestrations.Tests.Training;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Tests.Uploads;

public class ReceiveUploadTests
{
    private readonly Rehearsal _rehearsal = new Rehearsal(OrchestrationNames.ReceiveUpload, Rehearsal.Job)
        .Activities(ActivityNames.ReleaseUpload, ActivityNames.EndJob)
        .Activity<string?>(ActivityNames.StageUpload, _ => null)
        .Activity(ActivityNames.CheckArrival, _ => new ValidateIngestedModel.Result(Models.Prepared("a")))
        .Activity(ActivityNames.RegisterArrival, _ => new RegisterIngestedModel.Result(7, "The alias x did not move."));

    [Fact]
    public void An_upload_goes_through_its_steps_and_says_what_did_not_work_after_them()
    {
        _rehearsal.Run();

        Assert.Equal(
            [
                ActivityNames.StageUpload, ActivityNames.CheckArrival, ActivityNames.RegisterArrival, ActivityNames.ReleaseUpload,
                ActivityNames.EndJob,
            ],
            _rehearsal.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "The alias x did not move."), _rehearsal.Ended);
    }

    [Theory]
    [InlineData(ActivityNames.StageUpload)]
    [InlineData(ActivityNames.CheckArrival)]
    [InlineData(ActivityNames.RegisterArrival)]
    public void What_is_wrong_with_the_upload_fails_the_job_and_keeps_the_blocks_for_another_try(string step)
    {
        _ = step switch
        {
            ActivityNames.StageUpload => _rehearsal.Activity<string?>(step, _ => "No."),
            ActivityNames.CheckArrival => _rehearsal.Activity(step, _ => new ValidateIngestedModel.Result(null, "No.")),
            _ => _rehearsal.Activity(step, _ => new RegisterIngestedModel.Result(null, "No.")),
        };

        _rehearsal.Run(step);

        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "No."), _rehearsal.Ended);
        Assert.DoesNotContain(ActivityNames.ReleaseUpload, _rehearsal.Calls);
    }

    [Fact]
    public void What_goes_wrong_on_the_server_fails_the_job()
    {
        _rehearsal.Broken(ActivityNames.StageUpload).Run();

        Assert.Equal((JobState.Failed, "The step StageUpload failed on the server: The disk is gone."), (_rehearsal.Ended!.State, _rehearsal.Ended!.Reason));
    }

    [Theory]
    [InlineData(ActivityNames.StageUpload, false)]
    [InlineData(ActivityNames.CheckArrival, false)]
    [InlineData(ActivityNames.RegisterArrival, true)]
    public void Cancelling_is_heeded_until_registering_begins(string during, bool succeeded)
    {
        _ = during switch
        {
            ActivityNames.StageUpload => _rehearsal.Activity<string?>(during, _ => Canceling<string?>(null)),
            ActivityNames.CheckArrival => _rehearsal.Activity(during, _ => Canceling(new ValidateIngestedModel.Result(Models.Prepared("a")))),
            _ => _rehearsal.Activity(during, _ => Canceling(new RegisterIngestedModel.Result(7))),
        };

        _rehearsal.Run(during);

        Assert.Equal(succeeded ? JobState.Succeeded : JobState.Canceled, _rehearsal.Ended!.State);
        Assert.Equal(succeeded, _rehearsal.Calls.Contains(ActivityNames.RegisterArrival));

        T Canceling<T>(T result)
        {
            _rehearsal.Cancel();
            return result;
        }
    }

    [Fact]
    public void What_the_server_can_do_at_another_try_is_no_failure()
    {
        _rehearsal.Broken(ActivityNames.CheckArrival, times: 2).Run();

        Assert.Equal(JobState.Succeeded, _rehearsal.Ended!.State);
        Assert.Equal(3, _rehearsal.Calls.Count(call => call == ActivityNames.CheckArrival));
    }
}
