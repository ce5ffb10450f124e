using System.Diagnostics.Metrics;
using System.Text;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tests.Testing;
using Larder.Testing;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Tests.Storage.Cosmos;

/// <summary>The contract on Cosmos DB, and what is Cosmos DB's own.</summary>
[Collection(CosmosCollection.Name)]
public sealed class CosmosDocumentStoreTests(CosmosServer server) : DocumentStoreContract, IDisposable
{
    private static readonly DocumentCollection<Note> Notes = RegistryJson.Collection<Note>("notes");

    private readonly CosmosHosts _hosts = new(server);

    public void Dispose() => _hosts.Dispose();

    protected override Task<IDocumentStore> OpenAsync(string account) => _hosts.OpenAsync(_hosts.Options(account));

    protected override string NewAccount() => server.NewDatabase();

    protected override async Task PlantAsync(string account, string partition, string id, string json)
    {
        var container = _hosts.Client(_hosts.Options(account)).GetContainer(account, Notes.Name);
        using var item = new MemoryStream(Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","partition":"{{partition}}","write":"planted","value":{{json}}}"""));
        using var response = await container.CreateItemStreamAsync(item, new PartitionKey(partition));
        response.EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task A_write_that_is_answered_with_429_waits_as_told_and_goes_through()
    {
        using var network = new CosmosNetwork();
        var store = await _hosts.OpenAsync(_hosts.Options(NewAccount()), network);
        var pause = TimeSpan.FromMilliseconds(300);
        network.ThrottleNext(1, pause);

        await store.CreateAsync(Notes, "p", "i", new Note("first"));

        Assert.Equal(2, network.Requests);
        // A little less, since clocks differ: without the hint the client would not wait at all.
        Assert.True(network.FirstPause > 0.9 * pause, $"It came again after {network.FirstPause}.");
        Assert.Equal("first", (await store.GetAsync(Notes, "p", "i"))!.Value.Text);
    }

    [Fact]
    public async Task Who_is_answered_with_429_all_the_time_gets_an_outage_after_the_tries_that_the_setting_allows()
    {
        using var network = new CosmosNetwork();
        var store = await _hosts.OpenAsync(_hosts.Options(NewAccount()) with { ThrottleRetries = 3 }, network);
        network.ThrottleNext(int.MaxValue, TimeSpan.FromMilliseconds(1));

        var thrown = await Assert.ThrowsAsync<StorageUnavailableException>(() => store.GetAsync(Notes, "p", "i"));

        Assert.Equal(4, network.Requests);
        Assert.Contains("429", thrown.Message);
        network.Forget();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.CreateAsync(Notes, "p", "i", new Note("first")));
        Assert.Equal(4, network.Requests);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.ListAsync(Notes, "p", 10));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.ScanAsync(Notes, 10));
    }

    [Fact]
    public async Task A_document_created_with_the_answer_lost_counts_as_created()
    {
        using var network = new CosmosNetwork();
        var store = await _hosts.OpenAsync(_hosts.Options(NewAccount()), network);
        network.LoseNext(1);

        var etag = await store.CreateAsync(Notes, "p", "i", new Note("mine"));

        Assert.Equal(1, network.Lost);
        Assert.Equal(etag, (await store.GetAsync(Notes, "p", "i"))!.ETag);
        await Assert.ThrowsAsync<DocumentExistsException>(() => store.CreateAsync(Notes, "p", "i", new Note("mine")));
    }

    [Fact]
    public async Task A_document_replaced_with_the_answer_lost_counts_as_replaced()
    {
        using var network = new CosmosNetwork();
        var store = await _hosts.OpenAsync(_hosts.Options(NewAccount()), network);
        var first = await store.CreateAsync(Notes, "p", "i", new Note("first"));
        network.LoseNext(1);

        var second = await store.ReplaceAsync(Notes, "p", "i", new Note("second"), first);

        Assert.Equal(1, network.Lost);
        var read = await store.GetAsync(Notes, "p", "i");
        Assert.Equal(("second", second), (read!.Value.Text, read.ETag));
    }

    [Fact]
    public async Task An_outage_is_said_to_be_one_and_what_comes_back_serves_again()
    {
        await using var own = await CosmosServer.StartAsync();
        using var their = new CosmosHosts(own);
        var options = their.Options("larder") with { Timeout = TimeSpan.FromSeconds(5) };
        var client = their.Client(options);
        var containers = new CosmosContainers(client, options, CosmosHosts.Containers);
        await containers.PrepareAsync();
        using var metrics = new CosmosMetrics();
        var store = new CosmosDocumentStore(client, options, metrics);
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
        await containers.PrepareAsync();
        await store.CreateAsync(Notes, "p", "i", new Note("again"));
        Assert.Equal("again", (await store.GetAsync(Notes, "p", "i"))!.Value.Text);
    }

    [Fact]
    public async Task Request_units_are_counted_by_operation_and_collection()
    {
        using var metrics = new CosmosMetrics();
        var store = await _hosts.OpenAsync(_hosts.Options(NewAccount()), metrics: metrics);
        var charges = new List<(string, string, double)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, asking) =>
        {
            if (instrument.Name == "larder.cosmos.request_charge")
                asking.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            var named = tags.ToArray().ToDictionary(tag => tag.Key, tag => (string)tag.Value!);
            lock (charges)
                charges.Add((named["operation"], named["collection"], value));
        });
        var others = RegistryJson.Collection<Note>("others");
        listener.Start();

        var etag = await store.CreateAsync(others, "metered", "i", new Note("first"));
        etag = await store.ReplaceAsync(others, "metered", "i", new Note("second"), etag);
        await store.GetAsync(others, "metered", "i");
        await store.ListAsync(others, "metered", 10);
        await store.ScanAsync(others, 10);
        await store.DeleteAsync(others, "metered", "i", etag);

        // Tests that run at the same time use other meters of the same name.
        lock (charges)
            Assert.Subset(charges.ToHashSet(), new[] { "create", "replace", "get", "list", "scan", "delete" }.Select(operation => (operation, "others", 1.0)).ToHashSet());
    }

    [Fact]
    public async Task A_cursor_of_another_partition_is_refused()
    {
        var store = await OpenAsync(NewAccount());
        for (var i = 0; i < 3; i++)
            await store.CreateAsync(Notes, "p", $"{i}", new Note("note"));
        var page = await store.ListAsync(Notes, "p", 2);

        await Assert.ThrowsAsync<InvalidRequestException>(() => store.ListAsync(Notes, "q", 2, page.Continuation));
    }

    [Fact]
    public async Task Point_operations_and_a_page_of_a_list_are_one_request_each()
    {
        using var network = new CosmosNetwork();
        var store = await _hosts.OpenAsync(_hosts.Options(NewAccount()), network);
        for (var i = 0; i < 10; i++)
            await store.CreateAsync(Notes, "p", $"{i}", new Note("note"));
        await store.ListAsync(Notes, "p", 5);

        Assert.Equal(1, await RequestsOf(() => store.GetAsync(Notes, "p", "3")));
        Assert.Equal(1, await RequestsOf(() => store.CreateAsync(Notes, "p", "x", new Note("new"))));
        Assert.Equal(1, await RequestsOf(() => store.ListAsync(Notes, "p", 5)));
        Assert.Equal(1, await RequestsOf(() => store.ScanAsync(Notes, 5)));

        async Task<int> RequestsOf(Func<Task> call)
        {
            network.Forget();
            await call();
            return network.Requests;
        }
    }
}
