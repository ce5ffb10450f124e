using Larder.Registry;

namespace Larder.Orchestrations.Tests;

public sealed class TransferStepsTests
{
    private static readonly string[] s_import = [ActivityNames.FetchArchive, ActivityNames.CheckImport, ActivityNames.StoreImport, ActivityNames.RegisterImport];

    [Fact]
    public async Task An_import_takes_its_steps_in_order_and_ends_with_what_the_last_one_says()
    {
        var rehearsal = await Import().RunAsync(ImportRegistry.Run);

        Assert.Equal([ActivityNames.BeginJob, .. s_import, ActivityNames.FinishTransfer, ActivityNames.EndJob], rehearsal.Calls);
        Assert.Equal(new EndJob.Input(JobRehearsal.Job, JobState.Succeeded, "RegisterImport is done."), rehearsal.Ended);
    }

    [Fact]
    public async Task What_one_step_refuses_no_other_begins()
    {
        var rehearsal = await Import().Activity(ActivityNames.CheckImport, _ => new TransferResult("It is no archive.")).RunAsync(ImportRegistry.Run);

        Assert.Equal([ActivityNames.BeginJob, ActivityNames.FetchArchive, ActivityNames.CheckImport, ActivityNames.FinishTransfer, ActivityNames.EndJob], rehearsal.Calls);
        Assert.Equal(new EndJob.Input(JobRehearsal.Job, JobState.Failed, "It is no archive."), rehearsal.Ended);
    }

    [Fact]
    public async Task A_cancelled_import_registers_nothing()
    {
        var rehearsal = Import();
        rehearsal.Activity(ActivityNames.StoreImport, _ =>
        {
            rehearsal.Cancel();
            return new TransferResult();
        });

        await rehearsal.RunAsync(ImportRegistry.Run);

        Assert.DoesNotContain(ActivityNames.RegisterImport, rehearsal.Calls);
        Assert.Equal((JobState.Canceled, "It was canceled."), (rehearsal.Ended.State, rehearsal.Ended.Reason));
    }

    [Fact]
    public async Task A_cancelled_export_cleans_up()
    {
        var rehearsal = await Import().Activity(ActivityNames.WriteExport, _ => TransferResult.Canceled).RunAsync(ExportRegistry.Run);

        Assert.Equal([ActivityNames.BeginJob, ActivityNames.WriteExport, ActivityNames.FinishTransfer, ActivityNames.EndJob], rehearsal.Calls);
        Assert.Equal(JobState.Canceled, rehearsal.Ended.State);
    }

    [Fact]
    public async Task A_step_that_the_server_cannot_do_fails_the_job()
    {
        var rehearsal = await Import().Broken<TransferResult>(ActivityNames.StoreImport).RunAsync(ImportRegistry.Run);

        Assert.Equal(JobState.Failed, rehearsal.Ended.State);
        Assert.Contains("The disk is gone.", rehearsal.Ended.Reason);
        Assert.Contains(ActivityNames.FinishTransfer, rehearsal.Calls);
    }

    private static JobRehearsal Import()
    {
        var rehearsal = new JobRehearsal().Activity<object?>(ActivityNames.FinishTransfer, _ => null);
        foreach (var step in s_import)
            rehearsal.Activity(step, _ => new TransferResult(Summary: $"{step} is done."));
        return rehearsal;
    }
}
