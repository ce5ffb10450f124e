using System.Diagnostics;
using Azure.Storage.Blobs.Models;
using Larder.Bench.Documents;
using Larder.Registry.Audit;
using Larder.Registry.Models;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

// What BlobDocumentStore costs with many models, next to one bare listing of the same container, which nothing on blobs can do without.
// Arguments: models, searches, lists.
var models = args.Length > 0 ? int.Parse(args[0]) : 100_000;
var searches = args.Length > 1 ? int.Parse(args[1]) : 5;
var lists = args.Length > 2 ? int.Parse(args[2]) : 200;
const int Page = 100;

await using var azurite = await Azurite.StartAsync();
var account = BlobClients.Create(azurite.ConnectionString);
var container = account.GetBlobContainerClient("documents");
var writing = Stopwatch.StartNew();
await Shelf.FillAsync(new BlobDocumentStore(account), models);
Console.WriteLine($"{models:N0} models written in {writing.Elapsed.TotalSeconds:0} s by 32 writers. Load average before measuring: {LoadAverage()}.");
Console.WriteLine();
Console.WriteLine("| what | calls | p50, ms | p99, ms |");
Console.WriteLine("| --- | --- | --- | --- |");

Console.WriteLine($"| bare listing of the container, all {models:N0} names, 5000 a call | {(await Latencies.OfAsync(3, ListNamesAsync)).Row} |");
Console.WriteLine($"| bare listing, the first {Page} names | {(await Latencies.OfAsync(lists, () => NamesAsync(Page).AsTask())).Row} |");

var before = Memory();
ModelRegistry registry = null!;
Console.WriteLine($"| start-up: a new store and its first page of {Page} models | {(await Latencies.OfAsync(1, OpenAsync)).Row} |");
Console.WriteLine($"| list: a page of {Page} models, the same again | {(await Latencies.OfAsync(lists, () => registry.ListAsync(Page))).Row} |");

string? cursor = null;
Console.WriteLine($"| list: page after page of {Page} models | {(await Latencies.OfAsync(lists, NextAsync)).Row} |");
Console.WriteLine($"| search: all models read for those with a tag, the first | {(await Latencies.OfAsync(1, SearchAsync)).Row} |");
var after = Memory();
Console.WriteLine($"| search, again | {(await Latencies.OfAsync(searches, SearchAsync)).Row} |");
Console.WriteLine();
Console.WriteLine($"Memory after the first search: {(after - before) / 1e6:0} MB more than before, of which documents are 256 MB at most; working set {Environment.WorkingSet / 1e6:0} MB.");

Task OpenAsync()
{
    var documents = new BlobDocumentStore(account);
    registry = new ModelRegistry(documents, TimeProvider.System, new AuditLog(documents, NullLogger<AuditLog>.Instance));
    return registry.ListAsync(Page);
}

async Task NextAsync() => cursor = (await registry.ListAsync(Page, cursor)).Cursor;

async Task SearchAsync()
{
    var (found, from) = (0, (string?)null);
    do
    {
        var page = await registry.ListAsync(ModelRegistry.MaxPage, from);
        found += page.Items.Count(model => model.Tags["kind"] == "rare");
        from = page.Cursor;
    }
    while (from is not null);
    if (found != (models + Shelf.Rare - 1) / Shelf.Rare)
        throw new InvalidOperationException($"The search found {found} models.");
}

async Task ListNamesAsync()
{
    var names = 0;
    await foreach (var page in container.GetBlobsAsync(new GetBlobsOptions { Prefix = "models/" }).AsPages(pageSizeHint: 5000))
        names += page.Values.Count;
    if (names != models)
        throw new InvalidOperationException($"The listing has {names} names.");
}

async ValueTask NamesAsync(int count)
{
    await foreach (var page in container.GetBlobsAsync(new GetBlobsOptions { Prefix = "models/" }).AsPages(pageSizeHint: count))
        return;
}

static long Memory() => GC.GetTotalMemory(forceFullCollection: true);

static string LoadAverage() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
