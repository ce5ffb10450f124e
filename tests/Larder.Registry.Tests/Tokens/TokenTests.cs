using System.Text.Json;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tests.Storage.Cosmos;
using Larder.Registry.Tests.Testing;
using Larder.Registry.Tokens;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Registry.Tests.Tokens;

/// <summary>Tokens on blobs.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class BlobTokenTests(Azurite azurite) : TokenTests
{
    private readonly string _account = azurite.NewAccount();

    protected override Task<IDocumentStore> OpenAsync() => Task.FromResult<IDocumentStore>(new BlobDocumentStore(BlobClients.Create(_account)));
}

/// <summary>Tokens on Cosmos DB.</summary>
[Collection(CosmosCollection.Name)]
public sealed class CosmosTokenTests(CosmosServer server) : TokenTests, IDisposable
{
    private readonly CosmosHosts _hosts = new(server);
    private readonly string _database = server.NewDatabase();

    protected override async Task<IDocumentStore> OpenAsync()
    {
        var options = _hosts.Options(_database);
        await new CosmosContainers(_hosts.Client(options), options).PrepareAsync();
        return await _hosts.OpenAsync(options);
    }

    public void Dispose() => _hosts.Dispose();
}

/// <summary>What holds for tokens whichever store has them.</summary>
public abstract class TokenTests
{
    private static readonly TokenRequest Request = new("ci", Role.Contributor, new ModelScope { Prefixes = ["team-a-"], Tags = new Dictionary<string, string> { ["team"] = "a" } }, null);

    private readonly ManualTime _time = new();

    protected abstract Task<IDocumentStore> OpenAsync();

    [Fact]
    public async Task A_token_is_found_by_its_hash_and_kept_as_nothing_else()
    {
        var documents = await OpenAsync();
        var tokens = Store(documents);

        var (made, secret) = await tokens.CreateAsync(Request with { Expires = _time.GetUtcNow().AddDays(1) }, "ada", key: null);
        var found = await tokens.FindAsync(KeyHash.Of(secret));

        Assert.Matches("^lrd_[A-Za-z0-9_-]{43}$", secret);
        Assert.True(CallerToken.IsToken(secret));
        Assert.Equal(("ci", Role.Contributor, "ada", _time.GetUtcNow(), _time.GetUtcNow().AddDays(1)), (found!.Name, found.Role, found.CreatedBy, found.Created, found.Expires!.Value));
        Assert.Equal(["team-a-"], found.Scope!.Prefixes);
        Assert.Equal("a", found.Scope.Tags["team"]);
        Assert.Equal(made.Id, found.Id);
        var stored = JsonSerializer.Serialize(found, RegistryJson.Options);
        Assert.DoesNotContain(secret![4..], stored);
        Assert.Contains($"{KeyHash.Of(secret)}", stored);
        Assert.Null(await tokens.FindAsync(KeyHash.Of(CallerToken.NewSecret())));
        Assert.Null(await tokens.FindAsync(KeyHash.Of(secret) with { Low = 0 }));
    }

    [Fact]
    public async Task A_token_that_is_revoked_is_gone_and_both_are_in_the_audit_log()
    {
        var documents = await OpenAsync();
        var log = new AuditLog(documents, NullLogger<AuditLog>.Instance);
        var tokens = new TokenStore(documents, log, _time);
        var history = new AuditHistory(documents, new ModelRegistry(documents, _time, log), new ScheduleStore(documents, log), tokens, _time);
        var (made, secret) = await tokens.CreateAsync(Request, "ada", key: null);

        await tokens.RevokeAsync(made.Id, "grace");

        Assert.Null(await tokens.FindAsync(KeyHash.Of(secret)));
        Assert.Empty((await tokens.ListAsync(10)).Items);
        await Assert.ThrowsAsync<NotFoundException>(() => tokens.RevokeAsync(made.Id, "grace"));
        var records = (await history.ListAsync(new AuditFilter { Subject = AuditSubject.Parse($"token:{made.Id}") }, 10)).Items;
        Assert.Equal([("revoke", "grace", 2), ("create", "ada", 1)], records.Select(record => (record.What, record.Who!, record.Revision)));
        Assert.Equal("""{"name":"ci","role":"contributor","scope":{"prefixes":["team-a-"],"tags":{"team":"a"}}}""", records[1].After!.Value.GetRawText());
        Assert.DoesNotContain(secret![4..], JsonSerializer.Serialize(records));
        Assert.DoesNotContain($"{KeyHash.Of(secret)}", JsonSerializer.Serialize(records));
        Assert.Equal(2, (await history.ListAsync(new AuditFilter { Subject = AuditSubject.Parse("token") }, 10)).Items.Count);
    }

    [Fact]
    public async Task The_same_request_under_a_key_makes_one_token_that_is_shown_once()
    {
        var tokens = Store(await OpenAsync());

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                return (await tokens.CreateAsync(Request, "ada", "monday")).Secret;
            }
            catch (ConflictException)
            {
                // The winner has not stored it yet.
                return null;
            }
        }));
        var again = await tokens.CreateAsync(Request, "ada", "monday");

        var secret = Assert.Single(made, secret => secret is not null);
        Assert.Equal((KeyHash.Of(secret).Id, null), (again.Token.Id, again.Secret));
        Assert.Single((await tokens.ListAsync(10)).Items);
        await Assert.ThrowsAsync<ConflictException>(() => tokens.CreateAsync(Request with { Role = Role.Admin }, "ada", "monday"));
        Assert.NotNull((await tokens.CreateAsync(Request, "grace", "monday")).Secret);
    }

    [Fact]
    public async Task Tokens_are_listed_page_by_page()
    {
        var tokens = Store(await OpenAsync());
        for (var i = 0; i < 5; i++)
            await tokens.CreateAsync(Request with { Name = $"t{i}" }, "ada", key: null);

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await tokens.ListAsync(2, cursor);
            Assert.True(page.Items.Count <= 2);
            names.AddRange(page.Items.Select(token => token.Name));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        Assert.Equal(["t0", "t1", "t2", "t3", "t4"], names.Order());
        await Assert.ThrowsAsync<InvalidRequestException>(() => tokens.ListAsync(0));
    }

    [Fact]
    public async Task What_is_no_token_is_refused_before_anything_is_stored()
    {
        var tokens = Store(await OpenAsync());

        foreach (var wrong in new[]
        {
            Request with { Name = "" }, Request with { Name = "schedule:x" }, Request with { Name = new string('x', 65) }, Request with { Name = "local" }, Request with { Name = "Deployment" },
            Request with { Role = Role.None }, Request with { Expires = _time.GetUtcNow() }, Request with { Scope = new ModelScope() }, Request with { Scope = new ModelScope { Prefixes = [""] } },
            Request with { Scope = new ModelScope { Prefixes = ["../"] } }, Request with { Scope = new ModelScope { Prefixes = [.. Enumerable.Repeat("a", 51)] } },
        })
        {
            await Assert.ThrowsAsync<InvalidRequestException>(() => tokens.CreateAsync(wrong, "ada", key: null));
        }

        Assert.Empty((await tokens.ListAsync(10)).Items);
        await Assert.ThrowsAsync<NotFoundException>(() => tokens.RevokeAsync("../tokens", "ada"));
    }

    [Fact]
    public async Task A_known_token_costs_no_storage_call_and_its_use_is_written_down_now_and_then()
    {
        var store = new WatchedDocumentStore(await OpenAsync());
        var tokens = Store(store);
        using var catalog = Catalog(tokens);
        var (made, secret) = await tokens.CreateAsync(Request, "ada", key: null);
        var hash = KeyHash.Of(secret);

        Assert.Null(catalog.TryFind(hash));
        Assert.Equal("ci", (await catalog.ReadAsync(hash))!.Name);
        await UsedAsync(_time.GetUtcNow());
        _time.Advance(TimeSpan.FromSeconds(9));
        store.IsDown = true;

        for (var i = 0; i < 100; i++)
            Assert.NotNull(catalog.TryFind(hash)!.Caller);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            _ = catalog.TryFind(hash)!.Caller;
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        store.IsDown = false;
        _time.Advance(TimeSpan.FromMinutes(6));
        await catalog.ReadAsync(hash);
        await UsedAsync(_time.GetUtcNow());

        Task UsedAsync(DateTimeOffset when) => Eventually.TrueAsync(async () => (await tokens.ListAsync(10)).Items.Single(token => token.Id == made.Id).LastUsed == when);
    }

    [Fact]
    public async Task What_is_revoked_here_is_refused_at_once_and_what_others_revoke_within_a_minute()
    {
        var documents = await OpenAsync();
        var (here, elsewhere) = (Store(documents), Store(await OpenAsync()));
        using var catalog = Catalog(here);
        var (one, other) = (await here.CreateAsync(Request, "ada", key: null), await here.CreateAsync(Request, "ada", key: null));
        await catalog.ReadAsync(KeyHash.Of(one.Secret));
        await catalog.ReadAsync(KeyHash.Of(other.Secret));

        await here.RevokeAsync(one.Token.Id, "ada");
        await elsewhere.RevokeAsync(other.Token.Id, "ada");

        Assert.Null(catalog.TryFind(KeyHash.Of(one.Secret)));
        Assert.NotNull(catalog.TryFind(KeyHash.Of(other.Secret)));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(catalog.TryFind(KeyHash.Of(other.Secret)));
        Assert.Null(await catalog.ReadAsync(KeyHash.Of(other.Secret)));
    }

    [Fact]
    public async Task A_token_that_is_used_is_read_again_in_the_background()
    {
        var (here, elsewhere) = (Store(await OpenAsync()), Store(await OpenAsync()));
        using var catalog = Catalog(here);
        var (token, secret) = await here.CreateAsync(Request, "ada", key: null);
        await catalog.ReadAsync(KeyHash.Of(secret));
        await elsewhere.RevokeAsync(token.Id, "ada");

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.NotNull(catalog.TryFind(KeyHash.Of(secret)));
        await Eventually.TrueAsync(() => Task.FromResult(catalog.TryFind(KeyHash.Of(secret)) is null));
    }

    [Fact]
    public async Task While_the_store_does_not_answer_what_was_known_is_taken_for_a_while()
    {
        var store = new WatchedDocumentStore(await OpenAsync());
        var tokens = Store(store);
        using var catalog = Catalog(tokens);
        var hash = KeyHash.Of((await tokens.CreateAsync(Request, "ada", key: null)).Secret);
        await catalog.ReadAsync(hash);

        store.IsDown = true;
        _time.Advance(TimeSpan.FromMinutes(14));
        Assert.NotNull(await catalog.ReadAsync(hash));
        Assert.NotNull(catalog.TryFind(hash));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => catalog.ReadAsync(KeyHash.Of(CallerToken.NewSecret())));
        _time.Advance(TimeSpan.FromMinutes(2));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => catalog.ReadAsync(hash));
        store.IsDown = false;
        Assert.NotNull(await catalog.ReadAsync(hash));
    }

    [Fact]
    public async Task What_a_crash_leaves_of_a_revocation_is_swept_with_its_key_and_its_record()
    {
        var store = new DyingStore(await OpenAsync());
        var tokens = Store(store);
        var (token, secret) = await tokens.CreateAsync(Request, "ada", "k");
        store.DiesBeforeDeletes = true;
        await tokens.RevokeAsync(token.Id, "ada");
        Assert.Null(await tokens.FindAsync(KeyHash.Of(secret)));
        store.DiesBeforeDeletes = false;

        var (_, documents) = await tokens.CollectAsync(_time.GetUtcNow().AddDays(-30), _time.GetUtcNow().AddDays(1), default);

        Assert.Equal(1, documents);
        Assert.NotNull((await tokens.CreateAsync(Request, "ada", "k")).Secret);
    }

    private TokenStore Store(IDocumentStore documents) => new(documents, new AuditLog(documents, NullLogger<AuditLog>.Instance), _time);

    private TokenCatalog Catalog(TokenStore store) => new(store, new TokenCacheOptions(), _time, NullLogger<TokenCatalog>.Instance);

    // As if the process ended there: what was written before stays.
    private sealed class DyingStore(IDocumentStore store) : DocumentStoreWrapper(store)
    {
        public bool DiesBeforeDeletes { get; set; }

        public override Task<bool> DeleteAsync<T>(DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellationToken) =>
            DiesBeforeDeletes ? throw new StorageUnavailableException("The process has ended.") : base.DeleteAsync(collection, partition, id, etag, cancellationToken);
    }
}
