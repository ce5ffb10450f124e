using System.Text.Json;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Backup.Activities;
using Larder.Orchestrations.Backup.Archives;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Tests.Schedules;
using Larder.Orchestrations.Tests.Testing;
using Larder.Registry.Access;
using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Larder.Orchestrations.Tests.Backup;

/// <summary>An import whose archive is behind a URL with a signature.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class FetchArchiveTests : IDisposable
{
    private readonly Depot _from;
    private readonly Depot _depot;
    private readonly JobFiles _files;
    private readonly BlobDatasets _drops;
    private readonly UrlSource _urls;
    private readonly ScoringLimits _fetching = new() { UrlHosts = "127.0.0.1" };

    public FetchArchiveTests(Azurite azurite)
    {
        (_from, _depot) = (Depot.OnBlobs(azurite.NewAccount()), Depot.OnBlobs(azurite.NewAccount()));
        var account = BlobClients.Create(_depot.Account);
        (_files, _drops, _urls) = (new JobFiles(account, TimeProvider.System), new BlobDatasets(account), new UrlSource(_fetching, _ => true));
    }

    public void Dispose()
    {
        _urls.Dispose();
        _from.Dispose();
        _depot.Dispose();
    }

    [Fact]
    public async Task It_is_fetched_with_its_query_which_the_API_never_shows_and_imported()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/larder.zip?sig=geheim-4711");

        var fetched = await Activity().Run(job.Id, default);

        Assert.Null(fetched.Problem);
        Assert.Matches("^[0-9]+ bytes.$", fetched.Summary);
        var now = await _depot.Jobs.GetAsync(job.Id);
        Assert.Equal($"{server.Urls.First()}/larder.zip", now.Source);
        Assert.DoesNotContain("geheim", JsonSerializer.Serialize(now));
        await using var archive = await new ArchiveSources(_files, _depot.Artifacts, _drops, Depot.Limits).OpenAsync(now, default);
        var plan = await (await _depot.Importer.OpenAsync(archive, job.Id, "tester")).PlanAsync(Depot.Everything, _ => { }, _ => Task.CompletedTask);
        Assert.Equal(("iris", ImportOutcome.Created), (Assert.Single(plan.Models).Name, plan.Models[0].Outcome));

        // What is there is not fetched again.
        await server.StopAsync();
        Assert.Equal(fetched, await Activity().Run(job.Id, default));
    }

    [Theory]
    [InlineData("/missing.zip", "The host '127.0.0.1' answered 404 to the URL.")]
    [InlineData("/empty.zip", "There is nothing behind the URL: the archive is empty.")]
    [InlineData("/larder.zip?sig=geheim-4711", "The archive has more than 100 bytes, which is the limit (Limits:Import:ArchiveBytes).")]
    [InlineData("/endless.zip", "The archive has more than 100 bytes, which is the limit (Limits:Import:ArchiveBytes).")]
    public async Task What_is_wrong_for_good_is_said_and_nothing_is_kept(string path, string problem)
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync(server.Urls.First() + path);

        Assert.Equal(problem, (await Activity(new ImportLimits { ArchiveBytes = 100 }).Run(job.Id, default)).Problem);

        Assert.Null(await _files.GetPropertiesAsync(job.Id, BackupPaths.Fetched));
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_tried_again()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/breaking.zip");

        // Whether it breaks off before or after the headers arrive.
        var broken = await Assert.ThrowsAnyAsync<Exception>(() => Activity().Run(job.Id, default));
        Assert.True(broken is IOException or HttpRequestException, $"{broken}");
        Assert.Null(await _files.GetPropertiesAsync(job.Id, BackupPaths.Fetched));
        Assert.Null((await Activity().Run(job.Id, default)).Problem);

        Assert.Equal(await _from.ExportAsync(), await BytesAsync(job.Id));
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/larder.zip", "Only http and https URLs can be fetched.")]
    [InlineData("https://elsewhere.test/larder.zip", "The host 'elsewhere.test' is not one that may be fetched from (Limits:Scoring:UrlHosts).")]
    public async Task An_address_that_is_not_allowed_makes_no_job(string url, string sentence)
    {
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => AcceptAsync(url));

        Assert.Equal(sentence, refused.Message);
        Assert.Empty((await _depot.Jobs.ListAsync(new JobFilter(), 10)).Items);
    }

    private FetchArchive Activity(ImportLimits? limits = null) =>
        new(new JobSteps(_depot.Jobs, TimeProvider.System), _files, _urls, _fetching, limits ?? Depot.Limits, TimeProvider.System);

    private async Task<Job> AcceptAsync(string url)
    {
        var access = new JobAccess(_depot.Jobs, [new ImportJob(_urls)], new ModelScopes(null!, null!));
        var jobs = new JobSubmitter(_depot.Jobs, _files, _depot.Artifacts, [new ImportJob(_urls)], access, new JobLimits(), TimeProvider.System);
        return await new BackupSubmitter(jobs, access, _depot.Artifacts, _drops, _urls, Depot.Limits).ImportAsync(url, new ImportOptions(), null, Caller.Local, default);
    }

    private async Task<byte[]> BytesAsync(string job) => (await _files.ReadAsync(job, BackupPaths.Fetched, 1 << 20))!.ToArray();

    private async Task<WebApplication> ServerAsync()
    {
        await _from.PublishAsync("iris", "one");
        var archive = await _from.ExportAsync();
        var asked = 0;
        return await WebServer.StartAsync(app =>
        {
            app.MapGet("/larder.zip", (string? sig) => sig == "geheim-4711" ? Results.Bytes(archive) : Results.StatusCode(403));
            app.MapGet("/empty.zip", () => Results.Bytes([]));
            app.MapGet("/endless.zip", async (HttpContext context) =>
            {
                while (!context.RequestAborted.IsCancellationRequested)
                    await context.Response.Body.WriteAsync(archive, context.RequestAborted);
            });
            app.MapGet("/breaking.zip", async (HttpContext context) =>
            {
                context.Response.ContentLength = archive.Length;
                var isFirst = Interlocked.Increment(ref asked) == 1;
                await context.Response.Body.WriteAsync(isFirst ? archive.AsMemory(..100) : archive);
                if (isFirst)
                    context.Abort();
            });
        });
    }
}
