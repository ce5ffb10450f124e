using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Tests.Replay;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Tests.Drift;

public class DetectDriftTests
{
    private readonly Rehearsal _rehearsal = new Rehearsal(OrchestrationNames.DetectDrift, Rehearsal.Job)
        .Activities(ActivityNames.EndJob)
        .Activity<string?>(ActivityNames.FetchDataset, _ => null)
        .Activity(ActivityNames.CompareDatasets, _ => new StepResult(Summary: "No drift."));

    [Fact]
    public void A_comparison_goes_through_its_steps_and_says_what_it_has_found()
    {
        _rehearsal.Run();

        Assert.Equal([ActivityNames.FetchDataset, ActivityNames.CompareDatasets, ActivityNames.EndJob], _rehearsal.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "No drift."), _rehearsal.Ended);
    }

    [Fact]
    public void A_data_set_that_cannot_be_fetched_fails_the_job()
    {
        _rehearsal.Activity<string?>(ActivityNames.FetchDataset, _ => "No.").Run();

        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "No."), _rehearsal.Ended);
        Assert.DoesNotContain(ActivityNames.CompareDatasets, _rehearsal.Calls);
    }

    [Fact]
    public void Data_sets_that_cannot_be_compared_fail_the_job()
    {
        _rehearsal.Activity(ActivityNames.CompareDatasets, _ => new StepResult("No column in common.")).Run();

        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "No column in common."), _rehearsal.Ended);
    }

    [Fact]
    public void A_job_that_is_canceled_before_or_while_it_compares_is_canceled()
    {
        _rehearsal.Activity(ActivityNames.CompareDatasets, _ => StepResult.Canceled).Run("while");
        Assert.Equal(JobState.Canceled, _rehearsal.Ended!.State);

        var before = new DetectDriftTests()._rehearsal;
        before.Activity<string?>(ActivityNames.FetchDataset, _ =>
        {
            before.Cancel();
            return null;
        }).Run("before");
        Assert.Equal(JobState.Canceled, before.Ended!.State);
        Assert.DoesNotContain(ActivityNames.CompareDatasets, before.Calls);
    }
}
