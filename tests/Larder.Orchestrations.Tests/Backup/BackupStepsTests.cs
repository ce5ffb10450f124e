using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Tests.Replay;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Tests.Backup;

public sealed class BackupStepsTests
{
    private static readonly string[] Steps =
    [
        ActivityNames.FetchArchive, ActivityNames.CheckImport, ActivityNames.StoreImport, ActivityNames.RegisterImport,
    ];

    private readonly Rehearsal _import = Rehearse(OrchestrationNames.ImportRegistry, Steps);
    private readonly Rehearsal _export = Rehearse(OrchestrationNames.ExportRegistry, ActivityNames.WriteExport);

    [Fact]
    public void An_import_takes_its_steps_in_order_and_ends_with_what_the_last_one_says()
    {
        _import.Run();

        Assert.Equal([.. Steps, ActivityNames.FinishTransfer, ActivityNames.EndJob], _import.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "RegisterImport is done."), _import.Ended);
    }

    [Fact]
    public void An_export_is_one_step()
    {
        _export.Run();

        Assert.Equal([ActivityNames.WriteExport, ActivityNames.FinishTransfer, ActivityNames.EndJob], _export.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "WriteExport is done."), _export.Ended);
    }

    [Fact]
    public void What_one_step_refuses_no_other_begins()
    {
        _import.Activity(ActivityNames.CheckImport, _ => new StepResult("It is no archive.")).Run();

        Assert.Equal(
            [ActivityNames.FetchArchive, ActivityNames.CheckImport, ActivityNames.FinishTransfer, ActivityNames.EndJob], _import.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "It is no archive."), _import.Ended);
    }

    [Theory]
    [InlineData(ActivityNames.FetchArchive, ActivityNames.CheckImport)]
    [InlineData(ActivityNames.StoreImport, ActivityNames.RegisterImport)]
    public void A_cancelled_import_begins_no_further_step(string during, string next)
    {
        _import.Activity(during, _ =>
        {
            _import.Cancel();
            return new StepResult();
        });

        _import.Run(during);

        Assert.DoesNotContain(next, _import.Calls);
        Assert.Equal((JobState.Canceled, "It was canceled."), (_import.Ended!.State, _import.Ended.Reason));
    }

    [Fact]
    public void A_cancelled_export_cleans_up()
    {
        _export.Activity(ActivityNames.WriteExport, _ => StepResult.Canceled).Run();

        Assert.Equal([ActivityNames.WriteExport, ActivityNames.FinishTransfer, ActivityNames.EndJob], _export.Calls);
        Assert.Equal(JobState.Canceled, _export.Ended!.State);
    }

    [Fact]
    public void An_export_that_cannot_be_fails_the_job()
    {
        _export.Activity(ActivityNames.WriteExport, _ => new StepResult("There is no such model.")).Run();

        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "There is no such model."), _export.Ended);
    }

    [Fact]
    public void A_step_that_the_server_cannot_do_fails_the_job()
    {
        _import.Broken(ActivityNames.StoreImport).Run();
        _export.Broken(ActivityNames.WriteExport).Run();

        Assert.All([_import, _export], rehearsal =>
        {
            Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
            Assert.Contains("The disk is gone.", rehearsal.Ended.Reason);
            Assert.Contains(ActivityNames.FinishTransfer, rehearsal.Calls);
        });
    }

    [Fact]
    public void A_step_that_works_at_another_try_is_no_failure()
    {
        _import.Broken(ActivityNames.FetchArchive, times: 1).Broken(ActivityNames.FinishTransfer, times: 2).Run();
        _export.Broken(ActivityNames.WriteExport, times: 1).Run();

        Assert.All([_import, _export], rehearsal => Assert.Equal(JobState.Succeeded, rehearsal.Ended!.State));
    }

    private static Rehearsal Rehearse(string orchestrator, params string[] steps) => steps.Aggregate(
        new Rehearsal(orchestrator, Rehearsal.Job).Activities(ActivityNames.FinishTransfer, ActivityNames.EndJob),
        (rehearsal, step) => rehearsal.Activity(step, _ => new StepResult(Summary: $"{step} is done.")));
}
