using System.Text.Json;
using Larder.Registry;
using Larder.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Larder.Orchestrations.Tests;

/// <summary>An import whose archive is behind a URL with a signature.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class FetchArchiveTests : IDisposable
{
    private readonly Depot from;
    private readonly Depot depot;
    private readonly JobFiles files;
    private readonly DropFiles drops;
    private readonly UrlSource urls;
    private readonly ScoringLimits fetching = new() { UrlHosts = "127.0.0.1" };

    public FetchArchiveTests(Azurite azurite)
    {
        (from, depot) = (Depot.OnBlobs(azurite.NewAccount()), Depot.OnBlobs(azurite.NewAccount()));
        var account = BlobClients.Create(depot.Account);
        (files, drops, urls) = (new JobFiles(account, TimeProvider.System), new DropFiles(account), new UrlSource(fetching, _ => true));
    }

    public void Dispose()
    {
        urls.Dispose();
        from.Dispose();
        depot.Dispose();
    }

    [Fact]
    public async Task It_is_fetched_with_its_query_which_the_API_never_shows_and_imported()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/larder.zip?sig=geheim-4711");

        var fetched = await Activity().Run(job.Id, default);

        Assert.Null(fetched.Problem);
        Assert.Matches("^[0-9]+ bytes.$", fetched.Summary);
        var now = await depot.Jobs.GetAsync(job.Id);
        Assert.Equal($"{server.Urls.First()}/larder.zip", now.Source);
        Assert.DoesNotContain("geheim", JsonSerializer.Serialize(now));
        await using var archive = await new ArchiveSources(files, depot.Artifacts, drops, Depot.Limits).OpenAsync(now, default);
        var plan = await (await depot.Importer.OpenAsync(archive, job.Id, "tester")).PlanAsync(Depot.Everything, _ => { }, _ => Task.CompletedTask);
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

        Assert.Null(await files.GetPropertiesAsync(job.Id, TransferPaths.Fetched));
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_tried_again()
    {
        await using var server = await ServerAsync();
        var job = await AcceptAsync($"{server.Urls.First()}/breaking.zip");

        // Whether it breaks off before or after the headers arrive.
        var broken = await Assert.ThrowsAnyAsync<Exception>(() => Activity().Run(job.Id, default));
        Assert.True(broken is IOException or HttpRequestException, $"{broken}");
        Assert.Null(await files.GetPropertiesAsync(job.Id, TransferPaths.Fetched));
        Assert.Null((await Activity().Run(job.Id, default)).Problem);

        Assert.Equal(await from.ExportAsync(), await BytesAsync(job.Id));
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/larder.zip", "Only http and https URLs can be fetched.")]
    [InlineData("https://elsewhere.test/larder.zip", "The host 'elsewhere.test' is not one that may be fetched from (Limits:Scoring:UrlHosts).")]
    public async Task An_address_that_is_not_allowed_makes_no_job(string url, string sentence)
    {
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => AcceptAsync(url));

        Assert.Equal(sentence, refused.Message);
        Assert.Empty((await depot.Jobs.ListAsync(new JobFilter(), 10)).Items);
    }

    private FetchArchive Activity(ImportLimits? limits = null) =>
        new(new JobSteps(depot.Jobs, TimeProvider.System), files, urls, fetching, limits ?? Depot.Limits, TimeProvider.System);

    private async Task<Job> AcceptAsync(string url)
    {
        var access = new JobAccess(depot.Jobs, [new ImportJob(urls)], new ModelScopes(null!, null!));
        var jobs = new JobSubmitter(depot.Jobs, files, depot.Artifacts, [new ImportJob(urls)], access, new JobLimits(), TimeProvider.System);
        return await new TransferSubmitter(jobs, access, depot.Artifacts, drops, urls, Depot.Limits).ImportAsync(url, new ImportOptions(), null, Caller.Local, default);
    }

    private async Task<byte[]> BytesAsync(string job) => (await files.ReadAsync(job, TransferPaths.Fetched, 1 << 20))!.ToArray();

    private async Task<WebApplication> ServerAsync()
    {
        await from.PublishAsync("iris", "one");
        var archive = await from.ExportAsync();
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
