using System.Diagnostics;
using Larder.Bench.Scoring;
using Larder.Testing;

// dotnet run -c Release --project bench/Larder.Bench.Scoring [-- --gigabyte | --megabytes N]
const int EarlyMegabytes = 100;
const int EarlyRuns = 2;
const int EarlyJobs = 4;
var megabytes = args is ["--gigabyte"] ? 1000 : args is ["--megabytes", var given] ? int.Parse(given) : EarlyMegabytes;
var folder = Directory.CreateTempSubdirectory("larder-bench-scoring-");
try
{
    var samples = Path.Combine(AppContext.BaseDirectory, "iris");
    var sample = Path.Combine(samples, "iris.csv");
    var early = Path.Combine(folder.FullName, "early.csv");
    var dataset = Path.Combine(folder.FullName, "iris.csv");
    Dataset.Write(sample, early, EarlyMegabytes * 1_000_000L);
    var rows = Dataset.Write(sample, dataset, megabytes * 1_000_000L);
    Console.WriteLine($"{rows:N0} rows, {new FileInfo(dataset).Length:N0} bytes");

    // On both sides the first ones also compile what they run.
    var model = Path.Combine(samples, "iris.onnx");
    var bareResult = Path.Combine(folder.FullName, "bare.csv");
    for (var i = 1; i <= EarlyRuns; i++)
        Console.WriteLine($"bare loop {i}, 100 MB: {BareRun(early):F1} s");
    using var self = Process.GetCurrentProcess();
    var before = self.TotalProcessorTime;
    var bare = BareRun(dataset);
    self.Refresh();
    var bareCpu = (self.TotalProcessorTime - before).TotalSeconds;
    Console.WriteLine($"bare loop: {bare:F1} s, {bareCpu:F1} s of processor, {rows / bare:N0} rows/s, {new FileInfo(bareResult).Length:N0} bytes out");
    File.Delete(bareResult);

    await using var azurite = await Azurite.StartAsync(onDisk: true);
    await using var server = await Server.StartAsync(azurite.ConnectionString, folder.FullName);
    await server.UploadAsync("iris", model);
    for (var i = 1; i <= EarlyJobs; i++)
    {
        var first = await server.ScoreAsync("iris", early);
        Console.WriteLine($"job {i} of a new server, 100 MB: {first.Seconds:F1} s from accepted to final, {first.CpuSeconds:F1} s of processor");
    }

    var job = await server.ScoreAsync("iris", dataset);
    Console.WriteLine($"job: {job.Seconds:F1} s from accepted to final, {job.CpuSeconds:F1} s of processor, {rows / job.Seconds:N0} rows/s, {job.ResultBytes:N0} bytes out");
    Console.WriteLine($"  {string.Join(", ", job.Steps)}");
    Console.WriteLine($"ratio: {job.Seconds / bare:F2} times the bare loop; by processor time {job.CpuSeconds / bareCpu:F2}");
    Console.WriteLine($"memory of the server (resident, MB), every tenth of the job: {string.Join(' ', Dataset.Tenths(job.Memory))}; most {job.Memory.Max()}");
    return job.Rows == rows ? 0 : 1;

    double BareRun(string from)
    {
        var clock = Stopwatch.StartNew();
        BareLoop.Score(model, from, bareResult);
        return clock.Elapsed.TotalSeconds;
    }
}
finally
{
    folder.Delete(recursive: true);
}
