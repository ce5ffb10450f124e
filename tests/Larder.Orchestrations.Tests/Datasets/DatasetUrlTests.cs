using System.Text.Json;
using Azure.Storage.Blobs;
using Larder.Registry;
using Larder.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Moq;

namespace Larder.Orchestrations.Tests;

/// <summary>A training whose data set is behind a URL with a signature.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class DatasetUrlTests : IDisposable
{
    private const string Rows = "a,b\n1,2\n";

    private readonly BlobArtifactStore artifacts;
    private readonly JobStore jobs;
    private readonly JobFiles files;
    private readonly JobSteps steps;
    private readonly JobSubmitter submitter;
    private readonly DatasetFinder finder;
    private readonly StageInputs stage;
    private readonly StartCompute start;
    private readonly UrlSource urls;
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"dataset-urls-{Guid.NewGuid():N}");

    public DatasetUrlTests(Azurite azurite)
    {
        var account = BlobClients.Create(azurite.NewAccount());
        var documents = new BlobDocumentStore(account);
        var (time, limits) = (TimeProvider.System, new ScoringLimits { UrlHosts = "127.0.0.1" });
        artifacts = new BlobArtifactStore(account, time);
        jobs = new JobStore(documents, time);
        files = new JobFiles(account, time);
        steps = new JobSteps(jobs, time);
        urls = new UrlSource(limits, _ => true);
        var drops = new DropFiles(account);
        finder = new DatasetFinder(drops, new DatasetStore(documents), artifacts, urls, new ModelScopes(null!, null!));
        var fetcher = new DatasetFetcher(files, artifacts, new StagingArea(new PublishingOptions { StagingFolder = folder }), drops, urls, limits, time);
        var backend = new Mock<IComputeBackend>();
        backend.Setup(one => one.Name).Returns("process");
        backend.Setup(one => one.StartAsync(It.IsAny<ComputeTask>(), It.IsAny<CancellationToken>())).ReturnsAsync(true);
        var type = new TrainJob(backend.Object, urls);
        submitter = new JobSubmitter(jobs, files, artifacts, [type], new JobAccess(jobs, [type], new ModelScopes(null!, null!)), new JobLimits(), time);
        stage = new StageInputs(steps, artifacts, fetcher, backend.Object, new JobLimits());
        start = new StartCompute(steps, files, artifacts, backend.Object, new JobLimits());
    }

    public void Dispose()
    {
        urls.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task It_is_fetched_with_its_query_which_the_script_and_the_API_never_see_and_a_retry_has_the_bytes()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/rows.csv?sig=geheim-4711");

        Assert.Null(await stage.Run(job.Id, CancellationToken.None));
        Assert.True((await start.Run(new ComputeId(job.Id, 1), CancellationToken.None)).Started);

        var staged = await jobs.GetAsync(job.Id);
        var input = Assert.Single(staged.Inputs);
        Assert.Equal(("dataset", "rows.csv", 8L), (input.Name, input.FileName, input.SizeBytes));
        Assert.Equal($"{server.Urls.First()}/rows.csv", staged.Source);
        Assert.DoesNotContain("geheim", JsonSerializer.Serialize(staged));
        var manifest = (await files.ReadAsync(job.Id, JobPaths.Manifest(1), 1 << 20))!.ToString();
        Assert.Contains("\"TOKEN\":\"t\"", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain(DatasetSource.UrlSecret, manifest, StringComparison.Ordinal);

        await jobs.UpdateAsync(job.Id, found => found with { State = JobState.Failed });
        await server.StopAsync();
        var again = await submitter.RetryAsync(job.Id, Bakery.Baker, null, CancellationToken.None);
        Assert.Null(await stage.Run(again.Id, CancellationToken.None));
        Assert.Equal(input, Assert.Single((await jobs.GetAsync(again.Id)).Inputs));
    }

    [Fact]
    public async Task A_retry_of_a_job_that_never_got_it_asks_with_the_same_query()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/late.csv?sig=geheim-4711");
        Assert.Equal("The host '127.0.0.1' answered 404 to the URL.", await stage.Run(job.Id, CancellationToken.None));
        await jobs.UpdateAsync(job.Id, found => found with { State = JobState.Failed });

        var again = await submitter.RetryAsync(job.Id, Bakery.Baker, null, CancellationToken.None);

        Assert.Null(await stage.Run(again.Id, CancellationToken.None));
        Assert.Equal("late.csv", Assert.Single((await jobs.GetAsync(again.Id)).Inputs).FileName);
    }

    [Fact]
    public async Task One_without_a_byte_is_told()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/empty.csv");

        Assert.Equal("The data set is empty.", await stage.Run(job.Id, CancellationToken.None));
    }

    private static Task<WebApplication> ServerAsync()
    {
        var asked = 0;
        return WebServer.StartAsync(app =>
        {
            app.MapGet("/rows.csv", (string? sig) => sig == "geheim-4711" ? Results.Text(Rows) : Results.StatusCode(403));
            app.MapGet("/late.csv", (string? sig) => sig == "geheim-4711" && Interlocked.Increment(ref asked) > 1 ? Results.Text(Rows) : Results.NotFound());
            app.MapGet("/empty.csv", () => Results.Text(""));
        });
    }

    private async Task<Job> AcceptAsync(string url)
    {
        var options = TrainOptions.Schema.Read("""{"environment": {"TOKEN": {"secret": "t"}}}"""u8.ToArray());
        var request = new JobRequest(TrainJob.Type, "iris", options.ToMaskedJson()) { Secrets = options.Secrets(), By = Bakery.Baker };
        var found = await finder.FindAsync(Bakery.Baker, url, 1000, CancellationToken.None);
        return await submitter.SubmitAsync(found.GivenTo(request), CancellationToken.None);
    }
}
