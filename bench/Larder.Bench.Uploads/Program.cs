using System.Diagnostics;
using System.Globalization;
using System.Net;
using Larder.Testing;
using Larder.Testing.Onnx;

// How long an honest upload takes while another caller keeps 64 models in the queue that never end, next to what it takes on an idle server.
// Argument: how many uploads are measured, each way.
var uploads = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 40;
const int Slow = 64;
const string Ready = "Host started: ";

await using var azurite = await Azurite.StartAsync();
var folder = Directory.CreateTempSubdirectory("larder-bench-");
var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Larder.Host.dll"), "--port", "0"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
start.Environment["AzureWebJobsStorage"] = azurite.ConnectionString;
start.Environment["LocalFolder"] = folder.FullName;
start.Environment["FunctionKeys__slow"] = "slow-key";
start.Environment["FunctionKeys__honest"] = "honest-key";
using var server = Process.Start(start)!;
try
{
    string? line;
    while ((line = await server.StandardOutput.ReadLineAsync()) is not null && !line.StartsWith(Ready, StringComparison.Ordinal))
    {
    }

    _ = server.StandardOutput.ReadToEndAsync();
    using var client = new HttpClient { BaseAddress = new Uri(line![Ready.Length..].Trim()), Timeout = TimeSpan.FromMinutes(5) };
    await MeasureAsync(client, 10);
    var idle = await MeasureAsync(client, uploads);

    using var ending = new CancellationTokenSource();
    var refused = 0;
    var queue = Enumerable.Range(0, Slow + 1).Select(i => Task.Run(async () =>
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                // It does not end within the time that a file of its size has; then it is sent again.
                using var answer = await PutAsync(client, $"slow-{i}", OnnxModel.EndlessLoop(), "slow-key", ending.Token);
                if (answer.StatusCode == HttpStatusCode.TooManyRequests)
                    await Task.Delay(TimeSpan.FromSeconds(1), ending.Token);
                Interlocked.Increment(ref refused);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
            }
        }
    })).ToList();
    await Task.Delay(TimeSpan.FromSeconds(3));
    await MeasureAsync(client, 10);
    var behind = await MeasureAsync(client, uploads);
    await ending.CancelAsync();
    await Task.WhenAll(queue);

    Console.WriteLine("| an honest upload | p50, ms | p99, ms |");
    Console.WriteLine("| --- | --- | --- |");
    Console.WriteLine(Row("on an idle server", idle));
    Console.WriteLine(Row($"behind {Slow} slow ones of another caller", behind));
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| behind / idle, target at most 3 | **{At(behind, 0.5) / At(idle, 0.5):F2}** | {At(behind, 0.99) / At(idle, 0.99):F2} |"));
    Console.WriteLine();
    Console.WriteLine($"Slow uploads that were answered meanwhile: {refused}.");
}
finally
{
    server.Kill(entireProcessTree: true);
    await server.WaitForExitAsync();
    folder.Delete(recursive: true);
}

static async Task<IReadOnlyList<double>> MeasureAsync(HttpClient client, int uploads)
{
    var times = new List<double>();
    for (var i = 0; i < uploads; i++)
    {
        var begun = Stopwatch.GetTimestamp();
        using var answer = await PutAsync(client, "honest", OnnxModel.Linear(features: 1 + i), "honest-key", CancellationToken.None);
        answer.EnsureSuccessStatusCode();
        times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
    }

    times.Sort();
    return times;
}

static async Task<HttpResponseMessage> PutAsync(HttpClient client, string model, byte[] content, string key, CancellationToken cancellationToken)
{
    using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/models/{model}") { Content = new MultipartFormDataContent { { new ByteArrayContent(content), "path", "model.onnx" } } };
    request.Headers.Add("x-functions-key", key);
    return await client.SendAsync(request, cancellationToken);
}

static string Row(string what, IReadOnlyList<double> times) => string.Create(CultureInfo.InvariantCulture, $"| {what} | {At(times, 0.5):F1} | {At(times, 0.99):F1} |");

static double At(IReadOnlyList<double> times, double part) => times[Math.Min(times.Count - 1, (int)(times.Count * part))];
