using System.Globalization;
using Larder.Bench.Durable;
using Larder.Testing;

if (await TakeOver.IsVictimAsync(args))
    return;

// The host and the bare provider take turns, so that a slow moment of the machine falls on both; a ratio is taken within a round.
const int rounds = 5;
const int starts = 100;
const double target = 1.2;

Console.WriteLine($"Load before: {File.ReadAllText("/proc/loadavg").Trim()}");
await using var azurite = await Azurite.StartAsync();
await using var host = await TakeOver.StartAsync("host", azurite.ConnectionString, "Host");
await using var bare = await TakeOver.StartAsync("bare", azurite.ConnectionString, "Bare");
await host.RunAsync(5);
await bare.RunAsync(5);

Console.WriteLine("| | host | bare provider | host / bare, median of rounds | target | met |");
Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
var one = await CompareAsync(async engine =>
{
    var times = new List<double>();
    for (var i = 0; i < starts; i++)
        times.Add((await engine.RunAsync(1)).Seconds);
    return times;
});
Report("start to end of one activity, p50, ms", one, round => 1000 * Quantile(round, 0.5));
Report("start to end of one activity, p99, ms", one, round => 1000 * Quantile(round, 0.99));
Report("one orchestration of 50 steps, ms a step", await CompareAsync(async engine => [(await engine.RunAsync(50)).Seconds / 50]), round => 1000 * round[0]);
Report(
    "50 orchestrations of 5 steps at once, ms a step",
    await CompareAsync(async engine => [Run.Spanning(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => engine.RunAsync(5)))).Seconds / 250]),
    round => 1000 * round[0]);
var takeOvers = new List<(List<double> Host, List<double> Bare)>();
for (var round = 0; round < rounds; round++)
    takeOvers.Add(([await TakeOver.MeasureAsync("host", azurite.ConnectionString)], [await TakeOver.MeasureAsync("bare", azurite.ConnectionString)]));
Report("one of two killed: next orchestration's end, s", takeOvers, round => round[0]);
Console.WriteLine($"Load after: {File.ReadAllText("/proc/loadavg").Trim()}");

async Task<List<(List<double> Host, List<double> Bare)>> CompareAsync(Func<IEngine, Task<List<double>>> measure)
{
    var results = new List<(List<double>, List<double>)>();
    for (var round = 0; round < rounds; round++)
        results.Add((await measure(host), await measure(bare)));
    return results;
}

static void Report(string what, List<(List<double> Host, List<double> Bare)> results, Func<List<double>, double> figure)
{
    var pairs = results.Select(result => (Host: figure(result.Host), Bare: figure(result.Bare))).ToList();
    var ratio = Quantile([.. pairs.Select(pair => pair.Host / pair.Bare)], 0.5);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {what} | {Shown(pairs.Select(pair => pair.Host))} | {Shown(pairs.Select(pair => pair.Bare))} | {ratio:F2} | at most {target} | {(ratio <= target ? "yes" : "no")} |"));
}

static string Shown(IEnumerable<double> values)
{
    List<double> all = [.. values];
    return string.Create(CultureInfo.InvariantCulture, $"{Quantile(all, 0.5):F1} ({all.Min():F1} - {all.Max():F1})");
}

static double Quantile(List<double> values, double part) => values.Order().ElementAt((int)Math.Min(values.Count - 1, part * values.Count));
