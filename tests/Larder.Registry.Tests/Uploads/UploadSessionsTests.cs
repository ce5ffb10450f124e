using System.Net;
using Azure.Storage.Blobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Testing;
using Larder.Registry.Uploads;
using Larder.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Registry.Tests.Uploads;

[Collection(AzuriteCollection.Name)]
public sealed class UploadSessionsTests
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    private static readonly HttpClient Anonymous = new();

    // The service has a clock of its own, so this one starts there.
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly BlobServiceClient _account;
    private readonly BlobDocumentStore _documents;
    private readonly BlobContainerClient _container;
    private readonly UploadSessions _sessions;

    public UploadSessionsTests(Azurite azurite)
    {
        _account = BlobClients.Create(azurite.NewAccount());
        _documents = new BlobDocumentStore(_account);
        _container = _account.GetBlobContainerClient("upload-sessions");
        _sessions = new UploadSessions(_documents, _account, new UploadSessionOptions(), _time);
    }

    [Fact]
    public async Task An_abandoned_session_is_swept_with_its_blocks_when_it_is_old_enough()
    {
        var old = await _sessions.CreateAsync(Iris, "a.onnx", null);
        await PutAsync(await _sessions.GetUrlAsync(old), "&comp=block&blockid=MQ==");
        _time.Advance(TimeSpan.FromHours(23));
        var young = await _sessions.CreateAsync(Iris, "b.onnx", null);
        Assert.Equal((0, 0), await _sessions.CollectAsync());

        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal((1, 0), await _sessions.CollectAsync());

        await Assert.ThrowsAsync<NotFoundException>(() => _sessions.GetAsync(Iris, old.Id));
        Assert.Equal(young, await _sessions.GetAsync(Iris, young.Id));
        Assert.Equal([young.Id], await BlobsAsync());
        Assert.Equal((0, 0), await _sessions.CollectAsync());
    }

    [Fact]
    public async Task A_data_set_needs_a_name_that_can_be_part_of_a_path_and_is_swept_as_models_are()
    {
        foreach (var name in new[] { null, "", "..", "a.", "a\u0001b", new string('é', 128) })
            await Assert.ThrowsAsync<InvalidRequestException>(() => _sessions.CreateAsync(Iris, name, null, UploadKind.Dataset));
        var session = await _sessions.CreateAsync(Iris, "C:\\Daten\\Grüße 花.csv", 5, UploadKind.Dataset);
        Assert.Equal((UploadKind.Dataset, "Grüße 花.csv"), (session.Kind, session.FileName));
        Assert.Equal(session, await _sessions.GetAsync(Iris, session.Id));
        await PutAsync(await _sessions.GetUrlAsync(session), "&comp=block&blockid=MQ==");

        _time.Advance(TimeSpan.FromHours(25));
        Assert.Equal((1, 0), await _sessions.CollectAsync());
        Assert.Empty(await BlobsAsync());
    }

    [Fact]
    public void A_session_from_before_there_were_kinds_is_of_a_model()
    {
        const string old = """{"id": "0123456789abcdef", "model": "iris", "created": "2026-01-01T00:00:00Z", "expires": "2026-01-01T06:00:00Z"}""";
        Assert.Equal(UploadKind.Model, System.Text.Json.JsonSerializer.Deserialize<UploadSession>(old, RegistryJson.Options)!.Kind);
    }

    [Fact]
    public async Task A_blob_whose_session_is_gone_is_swept()
    {
        var session = await _sessions.CreateAsync(Iris, null, null);
        var url = await _sessions.GetUrlAsync(session);
        await _sessions.AbandonAsync(session);
        Assert.Empty(await BlobsAsync());
        // The URL still works: its holder may write what no request will ask for.
        await PutAsync(url, "");
        Assert.Equal([session.Id], await BlobsAsync());
        Assert.Equal((0, 0), await _sessions.CollectAsync());

        _time.Advance(TimeSpan.FromHours(25));
        Assert.Equal((0, 1), await _sessions.CollectAsync());
        Assert.Empty(await BlobsAsync());
    }

    [Fact]
    public async Task An_expired_URL_is_refused_and_none_is_given_any_more()
    {
        var past = new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(-7));
        var earlier = new UploadSessions(_documents, _account, new UploadSessionOptions(), past);
        var session = await earlier.CreateAsync(Iris, null, null);
        var url = await earlier.GetUrlAsync(session);

        Assert.Equal(HttpStatusCode.Forbidden, (await Anonymous.PutAsync(new Uri($"{url}&comp=block&blockid=MQ=="), new ByteArrayContent([1]))).StatusCode);
        await Assert.ThrowsAsync<ConflictException>(() => _sessions.GetUrlAsync(session));
    }

    [Fact]
    public async Task Of_several_who_assign_a_job_one_does_and_abandoning_loses_too()
    {
        var session = await _sessions.CreateAsync(Iris, null, null);

        var assigned = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => _sessions.TryAssignAsync(session, JobId.Create(_time.GetUtcNow(), $"{i}"))));

        var winner = Assert.Single(assigned, next => next is not null)!;
        Assert.Equal(winner.Job, (await _sessions.GetAsync(Iris, session.Id)).Job);
        await Assert.ThrowsAsync<ConflictException>(() => _sessions.AbandonAsync(session));
        await _sessions.AbandonAsync(winner);
    }

    private static async Task PutAsync(Uri url, string query)
    {
        using var content = new ByteArrayContent([1, 2, 3]);
        content.Headers.Add("x-ms-blob-type", "BlockBlob");
        Assert.Equal(HttpStatusCode.Created, (await Anonymous.PutAsync(new Uri(url + query), content)).StatusCode);
    }

    private async Task<List<string>> BlobsAsync()
    {
        var names = new List<string>();
        await foreach (var blob in _container.GetBlobsAsync())
            names.Add(blob.Name);
        return names;
    }
}
