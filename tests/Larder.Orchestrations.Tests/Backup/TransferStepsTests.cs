using Larder.Registry;

namespace Larder.Orchestrations.Tests;

public sealed class TransferStepsTests
{
    private static readonly string[] s_steps =
    [
        ActivityNames.FetchArchive, ActivityNames.CheckImport, ActivityNames.StoreImport, ActivityNames.RegisterImport,
    ];

    private readonly Rehearsal import = Rehearse(OrchestrationNames.ImportRegistry, s_steps);
    private readonly Rehearsal export = Rehearse(OrchestrationNames.ExportRegistry, ActivityNames.WriteExport);

    [Fact]
    public void An_import_takes_its_steps_in_order_and_ends_with_what_the_last_one_says()
    {
        import.Run();

        Assert.Equal([ActivityNames.BeginJob, .. s_steps, ActivityNames.FinishTransfer, ActivityNames.EndJob], import.Calls);
        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Succeeded, "RegisterImport is done."), import.Ended);
    }

    [Fact]
    public void An_export_is_one_step()
    {
        export.Run();

        Assert.Equal([ActivityNames.BeginJob, ActivityNames.WriteExport, ActivityNames.FinishTransfer, ActivityNames.EndJob], export.Calls);
        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Succeeded, "WriteExport is done."), export.Ended);
    }

    [Fact]
    public void What_one_step_refuses_no_other_begins()
    {
        import.Activity(ActivityNames.CheckImport, _ => new TransferResult("It is no archive.")).Run();

        Assert.Equal(
            [ActivityNames.BeginJob, ActivityNames.FetchArchive, ActivityNames.CheckImport, ActivityNames.FinishTransfer, ActivityNames.EndJob], import.Calls);
        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Failed, "It is no archive."), import.Ended);
    }

    [Theory]
    [InlineData(ActivityNames.BeginJob, ActivityNames.FetchArchive)]
    [InlineData(ActivityNames.StoreImport, ActivityNames.RegisterImport)]
    public void A_cancelled_import_begins_no_further_step(string during, string next)
    {
        import.Activity(during, _ =>
        {
            import.Cancel();
            return new TransferResult();
        });

        import.Run(during);

        Assert.DoesNotContain(next, import.Calls);
        Assert.Equal((JobState.Canceled, "It was canceled."), (import.Ended!.State, import.Ended.Reason));
    }

    [Fact]
    public void A_cancelled_export_cleans_up()
    {
        export.Activity(ActivityNames.WriteExport, _ => TransferResult.Canceled).Run();

        Assert.Equal([ActivityNames.BeginJob, ActivityNames.WriteExport, ActivityNames.FinishTransfer, ActivityNames.EndJob], export.Calls);
        Assert.Equal(JobState.Canceled, export.Ended!.State);
    }

    [Fact]
    public void An_export_that_cannot_be_fails_the_job()
    {
        export.Activity(ActivityNames.WriteExport, _ => new TransferResult("There is no such model.")).Run();

        Assert.Equal(new EndJob.Input(Rehearsal.Job, JobState.Failed, "There is no such model."), export.Ended);
    }

    [Fact]
    public void A_step_that_the_server_cannot_do_fails_the_job()
    {
        import.Broken(ActivityNames.StoreImport).Run();
        export.Broken(ActivityNames.WriteExport).Run();

        Assert.All([import, export], rehearsal =>
        {
            Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
            Assert.Contains("The disk is gone.", rehearsal.Ended.Reason);
            Assert.Contains(ActivityNames.FinishTransfer, rehearsal.Calls);
        });
    }

    [Fact]
    public void A_step_that_works_at_another_try_is_no_failure()
    {
        import.Broken(ActivityNames.FetchArchive, times: 1).Broken(ActivityNames.FinishTransfer, times: 2).Run();
        export.Broken(ActivityNames.WriteExport, times: 1).Run();

        Assert.All([import, export], rehearsal => Assert.Equal(JobState.Succeeded, rehearsal.Ended!.State));
    }

    private static Rehearsal Rehearse(string orchestrator, params string[] steps) => steps.Aggregate(
        new Rehearsal(orchestrator, Rehearsal.Job).Activities(ActivityNames.BeginJob, ActivityNames.FinishTransfer, ActivityNames.EndJob),
        (rehearsal, step) => rehearsal.Activity(step, _ => new TransferResult(Summary: $"{step} is done.")));
}
