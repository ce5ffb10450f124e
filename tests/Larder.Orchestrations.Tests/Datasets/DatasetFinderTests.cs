using System.Security.Cryptography;
using System.Text.Json;
using Azure.Storage.Blobs;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Tests.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Datasets;

[Collection(AzuriteCollection.Name)]
public sealed class DatasetFinderTests : IDisposable
{
    private readonly BlobServiceClient _account;
    private readonly UrlSource _urls;
    private readonly BlobArtifactStore _artifacts;
    private readonly DatasetStore _datasets;
    private readonly JobFiles _files;
    private readonly DatasetFinder _finder;
    private readonly DatasetFetcher _fetcher;
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"datasets-{Guid.NewGuid():N}");

    public DatasetFinderTests(Azurite azurite)
    {
        _account = BlobClients.Create(azurite.NewAccount());
        var limits = new ScoringLimits { UrlHosts = "example.com" };
        _urls = new UrlSource(limits);
        _artifacts = new BlobArtifactStore(_account, TimeProvider.System);
        _datasets = new DatasetStore(new BlobDocumentStore(_account));
        _files = new JobFiles(_account, TimeProvider.System);
        var drops = new BlobDatasets(_account);
        _finder = new DatasetFinder(drops, _datasets, _artifacts, _urls, new ModelScopes(null!, null!));
        var staging = new StagingArea(new PublishingOptions { StagingFolder = _folder });
        _fetcher = new DatasetFetcher(_files, _artifacts, staging, drops, _urls, limits, TimeProvider.System);
    }

    public void Dispose()
    {
        _urls.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_file_that_is_replaced_before_it_is_read_is_not_read()
    {
        await UploadAsync("a.csv", "first");
        var found = await _finder.FindAsync(Bakery.Baker, "uploads/a.csv", 100, CancellationToken.None);
        var job = await GivenAsync(found);

        var (input, problem) = await _fetcher.FetchAsync(job, 100, CancellationToken.None);
        Assert.Equal(("a.csv", 5L, null), (input!.FileName, input.SizeBytes, problem));

        await UploadAsync("a.csv", "other");
        Assert.Equal((null, "The file was replaced or removed before it could be read."), await _fetcher.FetchAsync(job, 100, CancellationToken.None));
        // Where the newest is wanted, it is read.
        (input, _) = await _fetcher.FetchAsync(await GivenAsync(_finder.Unpinned("uploads/a.csv")), 100, CancellationToken.None);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("other"u8)), input!.Sha256);
    }

    [Fact]
    public async Task What_is_too_large_or_not_there_is_told_at_once()
    {
        await UploadAsync("a.csv", "12345");

        await Assert.ThrowsAsync<TooLargeException>(() => _finder.FindAsync(Bakery.Baker, "uploads/a.csv", 4, CancellationToken.None));
        await Assert.ThrowsAsync<NotFoundException>(() => _finder.FindAsync(Bakery.Baker, "uploads/b.csv", 4, CancellationToken.None));
        await Assert.ThrowsAsync<NotFoundException>(() => _finder.FindAsync(Bakery.Baker, "datasets/iris/b.csv", 4, CancellationToken.None));
        await Assert.ThrowsAsync<InvalidRequestException>(() => _finder.FindAsync(Bakery.Baker, "uploads/" + new string('a', 3000), 4, CancellationToken.None));
    }

    [Fact]
    public async Task A_data_set_whose_bytes_are_missing_is_an_outage_and_not_an_empty_file()
    {
        await _datasets.PutAsync(new Dataset
        {
            Model = ModelName.Parse("iris"), FileName = "a.csv", Sha256 = new string('a', 64), SizeBytes = 1, Job = JobId.Create(DateTimeOffset.UtcNow), Created = DateTimeOffset.UtcNow,
        });

        await Assert.ThrowsAsync<StorageUnavailableException>(() => _finder.FindAsync(Bakery.Baker, "datasets/iris/a.csv", 100, CancellationToken.None));
    }

    [Fact]
    public async Task The_query_of_a_URL_is_a_secret_that_takes_the_place_of_an_older_one()
    {
        var request = Request() with { Secrets = new Dictionary<string, string> { ["TOKEN"] = "t", [DatasetSource.UrlSecret] = "old" }, Inputs = [Input("script"), Input("dataset")] };

        var given = (await _finder.FindAsync(Bakery.Baker, "https://example.com/a%20b.csv?sig=geheim", 100, CancellationToken.None)).GivenTo(request);

        Assert.Equal(("https://example.com/a%20b.csv", "https://example.com/a%20b.csv"), (given.Source, given.Dataset));
        Assert.Equal(("t", "https://example.com/a%20b.csv?sig=geheim"), (given.Secrets["TOKEN"], given.Secrets[DatasetSource.UrlSecret]));
        Assert.Equal("script", Assert.Single(given.Inputs).Name);
        var file = _finder.Unpinned("uploads/x.csv").GivenTo(given);
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
            Id = JobId.Create(now), Type = given.Type, State = JobState.Running, Model = given.Model, Inputs = given.Inputs, Source = given.Source, Created = now,
        };
        await _files.CreateAsync(job.Id);
        return job;
    }

    private async Task UploadAsync(string path, string content)
    {
        var container = _account.GetBlobContainerClient(BlobDatasets.Uploads);
        await container.CreateIfNotExistsAsync();
        await container.GetBlobClient(path).UploadAsync(BinaryData.FromString(content), overwrite: true);
    }
}
