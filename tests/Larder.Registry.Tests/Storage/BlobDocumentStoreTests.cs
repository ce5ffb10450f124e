using Azure.Storage.Blobs;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Storage;

[Collection(AzuriteCollection.Name)]
public sealed class BlobDocumentStoreTests(Azurite azurite) : DocumentStoreContract
{
    private static readonly DocumentCollection<Note> Notes = RegistryJson.Collection<Note>("notes");

    protected override Task<IDocumentStore> OpenAsync(string account) => Task.FromResult<IDocumentStore>(new BlobDocumentStore(BlobClients.Create(account)));

    protected override string NewAccount() => azurite.NewAccount();

    protected override async Task PlantAsync(string account, string partition, string id, string json)
    {
        var container = BlobClients.Create(account).GetBlobContainerClient("documents");
        await container.CreateIfNotExistsAsync();
        await container.GetBlobClient(BlobNames.Document(Notes.Name, partition, id)).UploadAsync(BinaryData.FromString(json));
    }

    [Fact]
    public async Task A_document_created_with_the_answer_lost_counts_as_created()
    {
        var (store, network) = OpenLossy();
        await store.CreateAsync(Notes, "p", "before", new Note("before"));
        network.LoseNext();

        var etag = await store.CreateAsync(Notes, "p", "i", new Note("mine"));

        Assert.Equal(1, network.Lost);
        Assert.Equal(etag, (await store.GetAsync(Notes, "p", "i"))!.ETag);
        await Assert.ThrowsAsync<DocumentExistsException>(() => store.CreateAsync(Notes, "p", "i", new Note("mine")));
    }

    [Fact]
    public async Task A_document_replaced_with_the_answer_lost_counts_as_replaced()
    {
        var (store, network) = OpenLossy();
        var first = await store.CreateAsync(Notes, "p", "i", new Note("first"));
        network.LoseNext();

        var second = await store.ReplaceAsync(Notes, "p", "i", new Note("second"), first);

        Assert.Equal(1, network.Lost);
        var read = await store.GetAsync(Notes, "p", "i");
        Assert.Equal(("second", second), (read!.Value.Text, read.ETag));
    }

    [Fact]
    public async Task An_outage_is_said_to_be_one()
    {
        await using var own = await Azurite.StartAsync();
        var options = BlobClients.Options();
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        var store = new BlobDocumentStore(new BlobServiceClient(own.ConnectionString, options));
        var etag = await store.CreateAsync(Notes, "p", "i", new Note("first"));
        await own.KillAsync();

        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.GetAsync(Notes, "p", "i"));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.CreateAsync(Notes, "p", "j", new Note("second")));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.ReplaceAsync(Notes, "p", "i", new Note("second"), etag));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.DeleteAsync(Notes, "p", "i", etag));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.ListAsync(Notes, "p", 10));
        var thrown = await Assert.ThrowsAsync<StorageUnavailableException>(() => store.ScanAsync(Notes, 10));
        Assert.DoesNotContain("127.0.0.1", thrown.Message);

        await own.InitializeAsync();
        Assert.Null(await store.GetAsync(Notes, "p", "i"));
    }

    [Fact]
    public async Task Whoever_cancels_gets_a_cancellation_and_no_outage()
    {
        var store = await OpenAsync(NewAccount());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.GetAsync(Notes, "p", "i", new CancellationToken(canceled: true)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.ListAsync(Notes, "p", 10, null, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task A_list_reads_only_what_has_changed_since_the_last()
    {
        var network = new CountingTransport();
        var options = BlobClients.Options();
        options.Transport = network;
        var store = new BlobDocumentStore(new BlobServiceClient(azurite.NewAccount(), options));
        var etags = new List<string>();
        for (var i = 0; i < 20; i++)
            etags.Add(await store.CreateAsync(Notes, "p", $"{i:D2}", new Note("note")));

        Assert.Equal(21, await RequestsOfAList());
        Assert.Equal(1, await RequestsOfAList());
        await store.ReplaceAsync(Notes, "p", "07", new Note("changed"), etags[7]);
        Assert.Equal(2, await RequestsOfAList());

        async Task<int> RequestsOfAList()
        {
            var before = network.Requests;
            Assert.Equal(20, (await store.ListAsync(Notes, "p", 100)).Documents.Count);
            return network.Requests - before;
        }
    }

    [Fact]
    public async Task A_collection_that_is_listed_whole_is_read_from_the_listing_but_for_what_is_large_or_of_another_release()
    {
        var whole = Notes with { IsListedWhole = true };
        var account = azurite.NewAccount();
        var store = new BlobDocumentStore(BlobClients.Create(account));
        var etags = new List<string>();
        for (var i = 0; i < 100; i++)
            etags.Add(await store.CreateAsync(whole, "p", $"{i:D3}", new Note($"note {i} «ß»", i)));
        etags[7] = await store.ReplaceAsync(whole, "p", "007", new Note("changed", 7), etags[7]);
        // An earlier release writes no metadata, also over a document that had some.
        etags[8] = await store.ReplaceAsync(Notes, "p", "008", new Note("by another release", 8), etags[8]);
        var large = new Note(Convert.ToBase64String(Random.Shared.GetItems(Enumerable.Range(0, 256).Select(i => (byte)i).ToArray(), 20_000)), 9);
        etags[9] = await store.ReplaceAsync(whole, "p", "009", large, etags[9]);
        await store.DeleteAsync(whole, "p", "010", etags[10]);

        var network = new CountingTransport();
        var options = BlobClients.Options();
        options.Transport = network;
        var fresh = new BlobDocumentStore(new BlobServiceClient(account, options));
        var listed = (await fresh.ListAsync(whole, "p", 1000)).Documents;

        // Names with metadata, and the two.
        Assert.Equal(3, network.Requests);
        Assert.Equal(Enumerable.Range(0, 100).Where(i => i != 10), listed.Select(document => document.Value.Number));
        Assert.Equal(etags.Where((_, i) => i != 10), listed.Select(document => document.ETag));
        Assert.Equal(("note 6 «ß»", "changed", "by another release", large.Text), (listed[6].Value.Text, listed[7].Value.Text, listed[8].Value.Text, listed[9].Value.Text));

        // A change by another server is read alone.
        await store.ReplaceAsync(whole, "p", "011", new Note("later", 11), etags[11]);
        Assert.Equal("later", (await fresh.ListAsync(whole, "p", 1000)).Documents[10].Value.Text);
        Assert.Equal(5, network.Requests);
        Assert.Equal("later", (await fresh.GetAsync(whole, "p", "011"))!.Value.Text);

        // Many changes: names, and names with metadata. And page by page.
        foreach (var document in listed.Where(document => document.Value.Number >= 50))
            await store.ReplaceAsync(whole, "p", document.Id, document.Value with { Text = "all" }, document.ETag);
        Assert.Equal(50, (await fresh.ListAsync(whole, "p", 1000)).Documents.Count(document => document.Value.Text == "all"));
        Assert.Equal(8, network.Requests);
        var (another, numbers, pages) = (new BlobDocumentStore(new BlobServiceClient(account, options)), new List<int>(), 0);
        for (string? continuation = null; pages == 0 || continuation is not null; pages++)
        {
            var page = await another.ListAsync(whole, "p", 40, continuation);
            numbers.AddRange(page.Documents.Select(document => document.Value.Number));
            continuation = page.Continuation;
        }
        Assert.Equal(listed.Select(document => document.Value.Number), numbers);
        Assert.Equal(8 + pages + 2, network.Requests);
    }

    [Fact]
    public async Task What_does_not_fit_into_memory_is_read_again()
    {
        var account = azurite.NewAccount();
        var store = new BlobDocumentStore(BlobClients.Create(account), cacheBytes: 2_000);
        for (var i = 0; i < 20; i++)
            await store.CreateAsync(Notes, "p", $"{i:D2}", new Note(new string('x', 500), i));

        for (var round = 0; round < 2; round++)
            Assert.Equal(Enumerable.Range(0, 20), (await store.ListAsync(Notes, "p", 100)).Documents.Select(d => d.Value.Number));
    }

    private (BlobDocumentStore Store, LossyTransport Network) OpenLossy()
    {
        var network = new LossyTransport();
        var options = BlobClients.Options();
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        options.Transport = network;
        return (new BlobDocumentStore(new BlobServiceClient(azurite.NewAccount(), options)), network);
    }
}
