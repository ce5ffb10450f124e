using System.Diagnostics;
using System.Globalization;
using Azure.Storage.Blobs.Models;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;
using Larder.Tracking;
using Larder.Tracking.Experiments;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;

// What the tracking room costs on blobs, next to bare storage calls and bare loops over the same data. Both are called in turns, so that what else the machine does
// slows both. Arguments: batches, points, runs, first searches.
var batches = args.Length > 0 ? int.Parse(args[0]) : 500;
var points = args.Length > 1 ? int.Parse(args[1]) : 100_000;
var runs = args.Length > 2 ? int.Parse(args[2]) : 25_000;
var firstSearches = args.Length > 3 ? int.Parse(args[3]) : 3;

await using var azurite = await Azurite.StartAsync();
var account = BlobClients.Create(azurite.ConnectionString);
var documents = new BlobDocumentStore(account);
var experiments = new ExperimentStore(documents, TimeProvider.System);
using var store = new RunStore(documents, experiments, TimeProvider.System);
Console.WriteLine("| what | calls | p50, ms | ratio to the line above |");
Console.WriteLine("| --- | --- | --- | --- |");
await LogBatchesAsync();
await ManyWritersAsync();
await HistoryAsync();
await SearchAsync();

async Task LogBatchesAsync()
{
    var run = await NewRunAsync();
    var bare = account.GetBlobContainerClient("documents").GetBlobClient("bare");
    var content = BinaryData.FromBytes(new byte[1000]);
    var etag = (await bare.UploadAsync(content, overwrite: true)).Value.ETag;
    var (writes, logs) = (new List<double>(), new List<double>());
    for (var i = 0; i < batches; i++)
    {
        writes.Add(await TimeAsync(async () => etag = (await bare.UploadAsync(content, new BlobUploadOptions { Conditions = new BlobRequestConditions { IfMatch = etag } })).Value.ETag));
        var batch = new LogBatch([.. Enumerable.Range(0, 10).Select(metric => new LoggedMetric($"metric{metric}", new MetricPoint(i, i, i / 7.0)))], [], []);
        logs.Add(await TimeAsync(() => store.LogAsync(run, batch)));
    }
    Report("bare conditional write of 1 kB", writes, null);
    Report("log-batch of 10 metrics to one run", logs, writes);
}

async Task ManyWritersAsync()
{
    var run = await NewRunAsync();
    var each = Math.Max(1, batches / 16);
    var start = Stopwatch.GetTimestamp();
    await Task.WhenAll(Enumerable.Range(0, 64).Select(writer => Task.Run(async () =>
    {
        for (var i = 0; i < each; i++)
            await store.LogAsync(run, new LogBatch([.. Enumerable.Range(0, 10).Select(metric => new LoggedMetric($"metric{metric}", new MetricPoint(i, writer, i / 7.0)))], [], []));
    })));
    Report($"64 writers, one run: {64 * each} batches of 10 metrics, time for each batch", [Stopwatch.GetElapsedTime(start).TotalMilliseconds / (64 * each)], null);
}

async Task HistoryAsync()
{
    var run = await NewRunAsync();
    for (var i = 0; i < points; i += 1000)
        await store.LogAsync(run, new LogBatch([.. Enumerable.Range(i, Math.Min(1000, points - i)).Select(step => new LoggedMetric("loss", new MetricPoint(step, 1_700_000_000_000 + step, step / 7.0)))], [], []));
    var container = account.GetBlobContainerClient("documents");
    var names = new List<string>();
    await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions { Prefix = BlobNames.Partition("run-metrics", run) }))
        names.Add(blob.Name);
    names.Add(BlobNames.Document("runs", ExperimentStore.DefaultId, run));
    var (downloads, cold, warm, bytes) = (new List<double>(), new List<double>(), new List<double>(), 0L);
    for (var i = 0; i < 10; i++)
    {
        bytes = 0;
        downloads.Add(await TimeAsync(async () =>
        {
            foreach (var name in names)
                bytes += (await container.GetBlobClient(name).DownloadContentAsync()).Value.Content.ToMemory().Length;
        }));
        using var fresh = new RunStore(documents, experiments, TimeProvider.System);
        cold.Add(await TimeAsync(() => ReadAsync(fresh, run)));
        warm.Add(await TimeAsync(() => ReadAsync(fresh, run)));
    }
    Report($"bare download of the {names.Count} blobs, {bytes / 1e6:0.0} MB", downloads, null);
    Report($"history of {points:N0} points in pages of 25,000, by a host that never read it", cold, downloads);
    Report("the same again, next to the same download", warm, downloads);
}

async Task ReadAsync(RunStore reader, string run)
{
    var (read, token) = (0, (string?)null);
    do
    {
        var page = await reader.HistoryAsync(run, "loss", TrackingRules.HistoryPoints, token);
        (read, token) = (read + page.Items.Count, page.Cursor);
    }
    while (token is not null);
    if (read != points)
        throw new InvalidOperationException($"The history has {read} points.");
}

async Task SearchAsync()
{
    var experiment = await experiments.CreateAsync("search", null, new Dictionary<string, string>());
    var all = new List<Run>();
    await Parallel.ForAsync(0, runs, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, stop) =>
    {
        var id = RunId.New(experiment.Id);
        var run = new Run
        {
            Id = id, ExperimentId = experiment.Id, Name = $"run-{i}", UserId = "bench", Status = RunStatus.Finished, StartTime = i, ArtifactUri = $"mlflow-artifacts:/{experiment.Id}/{id}/artifacts",
            Params = new Dictionary<string, string> { ["b"] = i % 3 == 0 ? "x" : "y", ["depth"] = $"{i % 10}" },
            Tags = new Dictionary<string, string> { [RunTags.Name] = $"run-{i}" },
            Metrics = new Dictionary<string, MetricPoint> { ["a"] = new(1, i, i % 1000 / 1000.0), ["loss"] = new(1, i, i) },
        };
        await documents.CreateAsync(TrackingCollections.Runs, experiment.Id, id, new RunDocument { Run = run }, stop);
        lock (all)
            all.Add(run);
    });
    var search = new RunSearch([experiment.Id], "metrics.a > 0.9 AND params.b = 'x'", ["metrics.a DESC"], LifecycleView.Active, 100, null);
    await FirstSearchesAsync(search);
    // Off its stack, which would keep its last store.
    await Task.Yield();
    var before = GC.GetTotalMemory(true);
    using var fresh = new RunStore(new BlobDocumentStore(account), experiments, TimeProvider.System);
    await fresh.SearchAsync(search);
    var (scans, searches) = (new List<double>(), new List<double>());
    for (var i = 0; i < 50; i++)
    {
        var expected = new List<Run>();
        scans.Add(Time(() => expected = [.. all.Where(run => run.IsActive && run.Metrics.TryGetValue("a", out var a) && a.Value > 0.9 && run.Params.GetValueOrDefault("b") == "x")
            .OrderByDescending(run => run.Metrics["a"].Value).ThenByDescending(run => run.StartTime).ThenBy(run => run.Id, StringComparer.Ordinal).Take(100)]));
        IReadOnlyList<Run> found = [];
        searches.Add(await TimeAsync(async () => found = (await fresh.SearchAsync(search)).Items));
        if (!found.Select(run => run.Id).SequenceEqual(expected.Select(run => run.Id)))
            throw new InvalidOperationException("The search found other runs than the loop.");
    }
    Report($"loop by LINQ over {runs:N0} runs, {search.Filter}, ordered by the metric", scans, null);
    Report("the same search, warm", searches, scans);
    // The cache of documents for listings is part of it.
    Console.WriteLine();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Memory: {(GC.GetTotalMemory(true) - before) / 1000.0 / runs:0.0} kB a run, with the document store's cache of its JSON."));
    GC.KeepAlive(fresh);
}

async Task FirstSearchesAsync(RunSearch search)
{
    var (reads, lists, firsts) = (new List<double>(), new List<double>(), new List<double>());
    for (var i = 0; i < firstSearches; i++)
    {
        reads.Add(await TimeAsync(() => ReadEachAsync(search.ExperimentIds[0])));
        lists.Add(await TimeAsync(() => account.GetBlobContainerClient("documents").GetBlobsAsync(
            new GetBlobsOptions { Prefix = BlobNames.Partition("runs", search.ExperimentIds[0]), Traits = BlobTraits.Metadata }).CountAsync().AsTask()));
        using var started = new RunStore(new BlobDocumentStore(account), experiments, TimeProvider.System);
        firsts.Add(await TimeAsync(() => started.SearchAsync(search)));
    }
    Report($"listing of {runs:N0} runs with a read for each, 16 at a time", reads, null);
    Report("bare listing of their blobs with metadata", lists, reads);
    Report($"first search over {runs:N0} runs after start", firsts, lists);
}

// As a collection is read whose documents are not in the listing: with a request for each.
async Task ReadEachAsync(string experiment)
{
    var bare = new BlobDocumentStore(account);
    var (read, continuation) = (0, (string?)null);
    do
    {
        var page = await bare.ListAsync(TrackingCollections.Runs with { IsListedWhole = false }, experiment, 5000, continuation);
        (read, continuation) = (read + page.Documents.Count, page.Continuation);
    }
    while (continuation is not null);
    if (read != runs)
        throw new InvalidOperationException($"There are {read} runs.");
}

async Task<string> NewRunAsync() => (await store.CreateAsync(new NewRun(ExperimentStore.DefaultId, null, "bench", null, new Dictionary<string, string>()))).Id;

static double Time(Action act)
{
    var start = Stopwatch.GetTimestamp();
    act();
    return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}

static async Task<double> TimeAsync(Func<Task> act)
{
    var start = Stopwatch.GetTimestamp();
    await act();
    return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}

static void Report(string what, List<double> times, List<double>? above)
{
    var ratio = above is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{Median(times) / Median(above):0.00}");
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {times.Count} | {Median(times):0.00} | {ratio} |"));
}

static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
