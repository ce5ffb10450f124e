using System.Diagnostics;
using System.Globalization;
using Azure.Storage.Blobs;
using Larder.Bench.Durable;
using Larder.Testing;

// The engine and the bare writes take turns, so that a slow moment of the machine falls on both; a ratio is taken within a round.
const int rounds = 21;
Load[] loads =
[
    new("one orchestration of 200 steps, one after the other", nameof(Steps.Chain), 1, 200),
    new("50 orchestrations at once, each of 20 steps, one after the other", nameof(Steps.Chain), 50, 20),
    new("5 orchestrations at once, each of 200 steps at once", nameof(Steps.Fan), 5, 200),
];

await using var azurite = await Azurite.StartAsync();
await using var engine = await Engine.StartAsync(azurite.ConnectionString);
var bare = new BlobContainerClient(azurite.ConnectionString, "bare");
await bare.CreateIfNotExistsAsync();

Console.WriteLine("| load | writes | engine, steps/s | bare writes, steps/s | engine / bare, time | target | met |");
Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
foreach (var load in loads)
{
    await new BareWrites(await engine.ReadAsync(await engine.RunAsync(load))).RunAsync(bare);
    var results = new List<(double Engine, double Bare, int Writes)>();
    for (var round = 0; round < rounds; round++)
    {
        var start = Stopwatch.GetTimestamp();
        var ends = await engine.RunAsync(load);
        var engineTime = Stopwatch.GetElapsedTime(start);
        var writes = new BareWrites(await engine.ReadAsync(ends));
        start = Stopwatch.GetTimestamp();
        await writes.RunAsync(bare);
        results.Add((engineTime.TotalSeconds, Stopwatch.GetElapsedTime(start).TotalSeconds, writes.Count));
    }

    var ratio = Median(results.Select(result => result.Engine / result.Bare));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"| {load.Text} | {Median(results.Select(result => (double)result.Writes)):F0} | {Rate(results.Select(result => result.Engine))} | {Rate(results.Select(result => result.Bare))} | " +
        $"{ratio:F2} ({results.Min(result => result.Engine / result.Bare):F2} - {results.Max(result => result.Engine / result.Bare):F2}) | at most 2 | {(ratio <= 2 ? "yes" : "no")} |"));

    string Rate(IEnumerable<double> seconds)
    {
        var rates = seconds.Select(time => load.Steps / time).ToList();
        return string.Create(CultureInfo.InvariantCulture, $"{Median(rates):F0} ({rates.Min():F0} - {rates.Max():F0})");
    }
}

static double Median(IEnumerable<double> values)
{
    var sorted = values.Order().ToList();
    return sorted[sorted.Count / 2];
}
