using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Backup.Activities;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Tests.Schedules;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Backup;

[Collection(AzuriteCollection.Name)]
public sealed class WriteExportTests(Azurite azurite)
{
    [Fact]
    public async Task Who_cancels_an_export_while_it_is_written_ends_it_and_leaves_no_archive()
    {
        using var depot = Depot.OnBlobs(azurite.NewAccount());
        await depot.PublishAsync("a", "one");
        var (files, job) = await BeginAsync(depot);
        await depot.Jobs.UpdateAsync(job, found => found with { CancelRequested = DateTimeOffset.UtcNow });

        var result = await Activity(depot, files, new HastyTime()).Run(job, default);
        await new FinishBackup(new JobSteps(depot.Jobs, TimeProvider.System), files)
            .Run(new JobResult(job, JobState.Canceled, result.Problem), default);

        Assert.True(result.IsCanceled);
        Assert.Empty((await depot.Jobs.GetAsync(job)).Outputs);
        await foreach (var file in files.ListAsync(job))
            Assert.Fail($"{file.Path} was left.");
        Assert.Empty(await files.ListStagedBlocksAsync(job, BackupPaths.StoredArchive));
    }

    [Fact]
    public async Task Written_again_an_archive_that_is_there_stays()
    {
        using var depot = Depot.OnBlobs(azurite.NewAccount());
        await depot.PublishAsync("a", "one");
        var (files, job) = await BeginAsync(depot);
        var export = Activity(depot, files, TimeProvider.System);

        var first = await export.Run(job, default);
        var before = (await depot.Jobs.GetAsync(job)).Outputs;
        await depot.PublishAsync("a", "two");
        var second = await export.Run(job, default);

        Assert.Equal("1 model, 1 version, 0 schedules, 1 artifact with 8 bytes.", first.Summary);
        Assert.Equal(first, second);
        Assert.Equal(before, (await depot.Jobs.GetAsync(job)).Outputs);
    }

    private static WriteExport Activity(Depot depot, JobFiles files, TimeProvider time) =>
        new(new JobSteps(depot.Jobs, TimeProvider.System), files, depot.Documents, depot.Artifacts, time);

    private static async Task<(JobFiles Files, string Job)> BeginAsync(Depot depot)
    {
        var files = new JobFiles(BlobClients.Create(depot.Account), TimeProvider.System);
        await files.CreateAsync(Depot.Job);
        var request = BackupSubmitter.ExportRequest(new ExportOptions());
        await depot.Jobs.CreateAsync(new Job
        {
            Id = Depot.Job, Type = request.Type, Model = request.Model, Options = request.Options, State = JobState.Running, Created = DateTimeOffset.UtcNow,
        });
        return (files, Depot.Job);
    }

    /// <summary>Ten seconds pass between any two looks.</summary>
    private sealed class HastyTime : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => Interlocked.Add(ref _now, 10 * TimestampFrequency);
    }
}
