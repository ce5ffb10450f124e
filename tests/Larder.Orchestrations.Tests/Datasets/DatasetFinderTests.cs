using System.Security.Cryptography;
using System.Text.Json;
using Azure.Storage.Blobs;
using Larder.Registry;
using Larder.Testing;

namespace Larder.Orchestrations.Tests;

[Collection(AzuriteCollection.Name)]
public sealed class DatasetFinderTests : IDisposable
{
    private readonly BlobServiceClient account;
    private readonly UrlSource urls;
    private readonly BlobArtifactStore artifacts;
    private readonly DatasetStore datasets;
    private readonly JobFiles files;
    private readonly DatasetFinder finder;
    private readonly DatasetFetcher fetcher;
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"datasets-{Guid.NewGuid():N}");

    public DatasetFinderTests(Azurite azurite)
    {
        account = BlobClients.Create(azurite.NewAccount());
        var limits = new ScoringLimits { UrlHosts = "example.com" };
        urls = new UrlSource(limits);
        artifacts = new BlobArtifactStore(account, TimeProvider.System);
        datasets = new DatasetStore(new BlobDocumentStore(account));
        files = new JobFiles(account, TimeProvider.System);
        var drops = new DropFiles(account);
        finder = new DatasetFinder(drops, datasets, artifacts, urls, new ModelScopes(null!, null!));
        var staging = new StagingArea(new PublishingOptions { StagingFolder = folder });
        fetcher = new DatasetFetcher(files, artifacts, staging, drops, urls, limits, TimeProvider.System);
    }

    public void Dispose()
    {
        urls.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_file_that_is_replaced_before_it_is_read_is_not_read()
    {
        await UploadAsync("a.csv", "first");
        var found = await finder.FindAsync(Bakery.Baker, "uploads/a.csv", 100, CancellationToken.None);
        var job = await GivenAsync(found);

        var (input, problem) = await fetcher.FetchAsync(job, 100, CancellationToken.None);
        Assert.Equal(("a.csv", 5L, null), (input!.FileName, input.SizeBytes, problem));

        await UploadAsync("a.csv", "other");
        Assert.Equal((null, "The file was replaced or removed before it could be read."), await fetcher.FetchAsync(job, 100, CancellationToken.None));
        // Where the newest is wanted, it is read.
        (input, _) = await fetcher.FetchAsync(await GivenAsync(finder.Unpinned("uploads/a.csv")), 100, CancellationToken.None);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("other"u8)), input!.Sha256);
    }

    [Fact]
    public async Task What_is_too_large_or_not_there_is_told_at_once()
    {
        await UploadAsync("a.csv", "12345");

        await Assert.ThrowsAsync<TooLargeException>(() => finder.FindAsync(Bakery.Baker, "uploads/a.csv", 4, CancellationToken.None));
        await Assert.ThrowsAsync<NotFoundException>(() => finder.FindAsync(Bakery.Baker, "uploads/b.csv", 4, CancellationToken.None));
        await Assert.ThrowsAsync<NotFoundException>(() => finder.FindAsync(Bakery.Baker, "datasets/iris/b.csv", 4, CancellationToken.None));
        await Assert.ThrowsAsync<InvalidRequestException>(() => finder.FindAsync(Bakery.Baker, "uploads/" + new string('a', 3000), 4, CancellationToken.None));
    }

    [Fact]
    public async Task A_data_set_whose_bytes_are_missing_is_an_outage_and_not_an_empty_file()
    {
        await datasets.PutAsync(new Dataset
        {
            Model = "iris", FileName = "a.csv", Sha256 = new string('a', 64), SizeBytes = 1, Job = JobId.Create(DateTimeOffset.UtcNow), Created = DateTimeOffset.UtcNow,
        });

        await Assert.ThrowsAsync<StorageUnavailableException>(() => finder.FindAsync(Bakery.Baker, "datasets/iris/a.csv", 100, CancellationToken.None));
    }

    [Fact]
    public async Task The_query_of_a_URL_is_a_secret_that_takes_the_place_of_an_older_one()
    {
        var request = Request() with { Secrets = new Dictionary<string, string> { ["TOKEN"] = "t", [DatasetSource.UrlSecret] = "old" }, Inputs = [Input("script"), Input("dataset")] };

        var given = (await finder.FindAsync(Bakery.Baker, "https://example.com/a%20b.csv?sig=geheim", 100, CancellationToken.None)).GivenTo(request);

        Assert.Equal(("https://example.com/a%20b.csv", "https://example.com/a%20b.csv"), (given.Source, given.Dataset));
        Assert.Equal(("t", "https://example.com/a%20b.csv?sig=geheim"), (given.Secrets["TOKEN"], given.Secrets[DatasetSource.UrlSecret]));
        Assert.Equal("script", Assert.Single(given.Inputs).Name);
        var file = finder.Unpinned("uploads/x.csv").GivenTo(given);
        Assert.Equal(("uploads/x.csv", "TOKEN"), (file.Source, Assert.Single(file.Secrets).Key));
    }

    private static JobRequest Request() => new(ScoreJob.Type, "iris", JsonSerializer.SerializeToElement(new { }));

    private static JobInput Input(string name) => new(name, name, new string('0', 64), 1);

    private async Task<Job> GivenAsync(FoundDataset found)
    {
        var given = found.GivenTo(Request());
        var now = DateTimeOffset.UtcNow;
        var job = new Job
        {
            Id = JobId.Create(now), InstanceId = "", Type = given.Type, State = JobState.Running, Model = given.Model, Inputs = given.Inputs, Source = given.Source, Created = now,
        };
        await files.CreateAsync(job.Id);
        return job;
    }

    private async Task UploadAsync(string path, string content)
    {
        var container = account.GetBlobContainerClient(DropFiles.Uploads);
        await container.CreateIfNotExistsAsync();
        await container.GetBlobClient(path).UploadAsync(BinaryData.FromString(content), overwrite: true);
    }
}
