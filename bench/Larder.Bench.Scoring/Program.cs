using System.Diagnostics;
using Larder.Bench.Scoring;
using Larder.Testing;

// dotnet run -c Release --project bench/Larder.Bench.Scoring [-- --gigabyte | --megabytes N]
var megabytes = args is ["--gigabyte"] ? 1000 : args is ["--megabytes", var given] ? int.Parse(given) : 100;
var folder = Directory.CreateTempSubdirectory("larder-bench-scoring-");
try
{
    var samples = Path.Combine(AppContext.BaseDirectory, "iris");
    var dataset = Path.Combine(folder.FullName, "iris.csv");
    var rows = Dataset.Write(Path.Combine(samples, "iris.csv"), dataset, megabytes * 1_000_000L);
    Console.WriteLine($"{rows:N0} rows, {new FileInfo(dataset).Length:N0} bytes");

    var model = Path.Combine(samples, "iris.onnx");
    var bareResult = Path.Combine(folder.FullName, "bare.csv");
    using var self = Process.GetCurrentProcess();
    var before = self.TotalProcessorTime;
    var clock = Stopwatch.StartNew();
    BareLoop.Score(model, dataset, bareResult);
    var bare = clock.Elapsed;
    self.Refresh();
    var bareCpu = (self.TotalProcessorTime - before).TotalSeconds;
    Console.WriteLine($"bare loop: {bare.TotalSeconds:F1} s, {bareCpu:F1} s of processor, {rows / bare.TotalSeconds:N0} rows/s, {new FileInfo(bareResult).Length:N0} bytes out");
    File.Delete(bareResult);

    await using var azurite = await Azurite.StartAsync(onDisk: true);
    await using var server = await Server.StartAsync(azurite.ConnectionString, folder.FullName);
    await server.UploadAsync("iris", model);
    var job = await server.ScoreAsync("iris", dataset);
    Console.WriteLine($"job: {job.Seconds:F1} s from accepted to final, {job.CpuSeconds:F1} s of processor, {rows / job.Seconds:N0} rows/s, {job.ResultBytes:N0} bytes out");
    Console.WriteLine($"  {string.Join(", ", job.Steps)}");
    Console.WriteLine($"ratio: {job.Seconds / bare.TotalSeconds:F2} times the bare loop; by processor time {job.CpuSeconds / bareCpu:F2}");
    Console.WriteLine($"memory of the server (resident, MB), every tenth of the job: {string.Join(' ', Dataset.Tenths(job.Memory))}; most {job.Memory.Max()}");
    return job.Rows == rows ? 0 : 1;
}
finally
{
    folder.Delete(recursive: true);
}
