using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Larder.Registry.Errors;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Testing;
using Larder.Registry.Uploads;
using Larder.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Registry.Tests.Uploads;

[Collection(AzuriteCollection.Name)]
public sealed class PartUploadsTests
{
    private static readonly HttpClient Anonymous = new();

    // The service has a clock of its own, so this one starts there.
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly BlobServiceClient _account;
    private readonly BlobArtifactStore _artifacts;
    private readonly PartUploads _uploads;

    public PartUploadsTests(Azurite azurite)
    {
        _account = BlobClients.Create(azurite.NewAccount());
        _artifacts = new BlobArtifactStore(_account, _time);
        _uploads = new PartUploads(_account, _artifacts, new UploadSessionOptions(), _time);
    }

    [Fact]
    public async Task What_is_not_completed_is_collected_with_abandoned_sessions()
    {
        var sessions = new UploadSessions(new BlobDocumentStore(_account), _account, new UploadSessionOptions(), _time);
        var (id, parts) = (await _uploads.CreateAsync("a", 1))!.Value;
        await PutAsync(parts[0], "x");
        _time.Advance(TimeSpan.FromHours(23));
        Assert.Equal((0, 0), await sessions.CollectAsync());

        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal((0, 1), await sessions.CollectAsync());

        await Assert.ThrowsAsync<NotFoundException>(() => _uploads.AbortAsync(id, "a"));
    }

    [Fact]
    public async Task A_failed_completion_is_done_again_and_a_finished_one_is_not()
    {
        var (id, parts) = (await _uploads.CreateAsync("a", 2))!.Value;
        await PutAsync(parts[0], "left ");
        await PutAsync(parts[1], "right");
        var taken = new List<(string, long)>();

        await Assert.ThrowsAsync<InvalidOperationException>(() => _uploads.CompleteAsync(id, "a", 2, 10, (_, _) => throw new InvalidOperationException()));
        await _uploads.CompleteAsync(id, "a", 2, 10, TakeAsync);
        await _uploads.CompleteAsync(id, "a", 2, 10, TakeAsync);

        var sha256 = Shop.Sha256("left right");
        Assert.Equal([(sha256, 10)], taken);
        await using var content = await _artifacts.OpenReadAsync(sha256);
        Assert.Equal("left right", await new StreamReader(content!).ReadToEndAsync());
        Assert.Equal(0, (await _account.GetBlobContainerClient("upload-sessions").GetBlobClient(id).GetPropertiesAsync()).Value.ContentLength);

        Task TakeAsync(string hash, long size)
        {
            taken.Add((hash, size));
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task It_may_be_completed_several_times_at_once()
    {
        var (id, parts) = (await _uploads.CreateAsync("a", 1))!.Value;
        var content = new string('x', 3_000_000);
        await PutAsync(parts[0], content);
        var taken = 0;

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _uploads.CompleteAsync(id, "a", 1, 3_000_000, (hash, size) =>
        {
            Assert.Equal((Shop.Sha256(content), 3_000_000), (hash, size));
            Interlocked.Increment(ref taken);
            return Task.CompletedTask;
        })));

        Assert.InRange(taken, 1, 6);
        Assert.Equal(3_000_000, (await _artifacts.GetPropertiesAsync(Shop.Sha256(content)))!.SizeBytes);
    }

    [Fact]
    public async Task More_bytes_than_are_taken_are_refused_and_deleted()
    {
        var (id, parts) = (await _uploads.CreateAsync("a", 1))!.Value;
        await PutAsync(parts[0], "more");

        var refused = await Assert.ThrowsAsync<TooLargeException>(() => _uploads.CompleteAsync(id, "a", 1, 3, (_, _) => throw new InvalidOperationException()));

        Assert.Equal("The parts have 4 bytes together; at most 3 are taken.", refused.Message);
        await Assert.ThrowsAsync<NotFoundException>(() => _uploads.AbortAsync(id, "a"));
    }

    [Fact]
    public async Task A_server_that_cannot_sign_has_no_uploads()
    {
        // It has a signature of its own and no key.
        var signature = _account.GenerateAccountSasUri(AccountSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1), AccountSasResourceTypes.All);
        var account = new BlobServiceClient(signature, BlobClients.Options());

        Assert.Null(await new PartUploads(account, _artifacts, new UploadSessionOptions(), _time).CreateAsync("a", 1));
    }

    private static async Task PutAsync(Uri url, string part)
    {
        using var content = new StringContent(part);
        using var put = await Anonymous.PutAsync(url, content);
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
    }
}
