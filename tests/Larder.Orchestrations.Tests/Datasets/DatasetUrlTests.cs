using System.Text.Json;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Tests.Schedules;
using Larder.Orchestrations.Tests.Testing;
using Larder.Orchestrations.Training;
using Larder.Orchestrations.Training.Activities;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Datasets;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Jobs.Log;
using Larder.Registry.Publishing;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tokens;
using Larder.Testing;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace Larder.Orchestrations.Tests.Datasets;

/// <summary>A training whose data set is behind a URL with a signature.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class DatasetUrlTests : IDisposable
{
    private const string Rows = "a,b\n1,2\n";

    private readonly BlobArtifactStore _artifacts;
    private readonly JobStore _jobs;
    private readonly JobFiles _files;
    private readonly JobSteps _steps;
    private readonly JobSubmitter _submitter;
    private readonly DatasetFinder _finder;
    private readonly StageInputs _stage;
    private readonly StartCompute _start;
    private readonly UrlSource _urls;
    private readonly RunStore _runs;
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"dataset-urls-{Guid.NewGuid():N}");

    public DatasetUrlTests(Azurite azurite)
    {
        var account = BlobClients.Create(azurite.NewAccount());
        var documents = new BlobDocumentStore(account);
        var (time, limits) = (TimeProvider.System, new ScoringLimits { UrlHosts = "127.0.0.1" });
        _artifacts = new BlobArtifactStore(account, time);
        _jobs = new JobStore(documents, time);
        _files = new JobFiles(account, time);
        _steps = new JobSteps(_jobs, time);
        _urls = new UrlSource(limits, _ => true);
        var drops = new BlobDatasets(account);
        _finder = new DatasetFinder(drops, new DatasetStore(documents), _artifacts, _urls, new ModelScopes(null!, null!));
        var fetcher = new DatasetFetcher(_files, _artifacts, new StagingArea(new PublishingOptions { StagingFolder = _folder }), drops, _urls, limits, time);
        var backend = new Mock<IComputeBackend>();
        backend.Setup(one => one.Name).Returns("process");
        backend.Setup(one => one.StartAsync(It.IsAny<ComputeTask>(), It.IsAny<CancellationToken>())).ReturnsAsync(true);
        var type = new TrainJob(backend.Object, _urls);
        _submitter = new JobSubmitter(_jobs, _files, _artifacts, [type], new JobAccess(_jobs, [type], new ModelScopes(null!, null!)), new JobLimits(), time);
        var experiments = new ExperimentStore(documents, time);
        _runs = new RunStore(documents, experiments, time);
        var tokens = new RunTokens(new TokenStore(documents, new AuditLog(documents, NullLogger<AuditLog>.Instance), time), _files, () => null, time);
        var runs = new TrainingRuns(experiments, _runs, new LiveMetrics(_jobs, new JobLog(_files), _runs, time), tokens, time);
        _stage = new StageInputs(_steps, _artifacts, fetcher, backend.Object, runs, new JobLimits());
        _start = new StartCompute(_steps, _files, _artifacts, backend.Object, tokens, new JobLimits());
    }

    public void Dispose()
    {
        _runs.Dispose();
        _urls.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task It_is_fetched_with_its_query_which_the_script_and_the_API_never_see_and_a_retry_has_the_bytes()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/rows.csv?sig=geheim-4711");

        Assert.Null(await _stage.Run(job.Id, CancellationToken.None));
        Assert.True((await _start.Run(new ComputeId(job.Id, 1), CancellationToken.None)).Started);

        var staged = await _jobs.GetAsync(job.Id);
        var input = Assert.Single(staged.Inputs);
        Assert.Equal(("dataset", "rows.csv", 8L), (input.Name, input.FileName, input.SizeBytes));
        Assert.Equal($"{server.Urls.First()}/rows.csv", staged.Source);
        Assert.DoesNotContain("geheim", JsonSerializer.Serialize(staged));
        var manifest = (await _files.ReadAsync(job.Id, JobPaths.Manifest(1), 1 << 20))!.ToString();
        Assert.Contains("\"TOKEN\":\"t\"", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain(DatasetSource.UrlSecret, manifest, StringComparison.Ordinal);

        await _jobs.UpdateAsync(job.Id, found => found with { State = JobState.Failed });
        await server.StopAsync();
        var again = await _submitter.RetryAsync(job.Id, Bakery.Baker, null, CancellationToken.None);
        Assert.Null(await _stage.Run(again.Id, CancellationToken.None));
        Assert.Equal(input, Assert.Single((await _jobs.GetAsync(again.Id)).Inputs));
    }

    [Fact]
    public async Task A_retry_of_a_job_that_never_got_it_asks_with_the_same_query()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/late.csv?sig=geheim-4711");
        Assert.Equal("The host '127.0.0.1' answered 404 to the URL.", await _stage.Run(job.Id, CancellationToken.None));
        await _jobs.UpdateAsync(job.Id, found => found with { State = JobState.Failed });

        var again = await _submitter.RetryAsync(job.Id, Bakery.Baker, null, CancellationToken.None);

        Assert.Null(await _stage.Run(again.Id, CancellationToken.None));
        Assert.Equal("late.csv", Assert.Single((await _jobs.GetAsync(again.Id)).Inputs).FileName);
    }

    [Fact]
    public async Task One_without_a_byte_is_told()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/empty.csv");

        Assert.Equal("The data set is empty.", await _stage.Run(job.Id, CancellationToken.None));
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
        var found = await _finder.FindAsync(Bakery.Baker, url, 1000, CancellationToken.None);
        return await _submitter.SubmitAsync(found.GivenTo(request), CancellationToken.None);
    }
}
