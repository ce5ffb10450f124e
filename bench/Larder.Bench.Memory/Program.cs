using System.Diagnostics;
using System.Text;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;

// dotnet run -c Release --project bench/Larder.Bench.Memory [-- --seconds N]
const string Ready = "Host started: ";
const string Iris = """{"values":[5.1,3.5,1.4,0.2]}""";
var time = TimeSpan.FromSeconds(args is ["--seconds", var given] ? int.Parse(given) : 20);
var folder = Directory.CreateTempSubdirectory("larder-bench-memory-");
using var cage = MemoryCage.Make(1536L << 20);
try
{
    await using var azurite = await Azurite.StartAsync();
    string[] command = [.. cage.Prefix, "dotnet", Path.Combine(AppContext.BaseDirectory, "Larder.Host.dll"), "--port", "0"];
    var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true };
    start.Environment["AzureWebJobsStorage"] = azurite.ConnectionString;
    start.Environment["LocalFolder"] = Path.Combine(folder.FullName, "larder");
    using var server = Process.Start(start)!;
    try
    {
        string? line;
        while ((line = await server.StandardOutput.ReadLineAsync()) is not null && !line.StartsWith(Ready, StringComparison.Ordinal))
        {
        }

        _ = server.StandardOutput.ReadToEndAsync();
        using var client = new HttpClient { BaseAddress = new Uri(line![Ready.Length..].Trim()), Timeout = TimeSpan.FromMinutes(5) };
        await UploadAsync(client, "iris", await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "iris", "iris.onnx")));
        await UploadAsync(client, "zeros", new OnnxModel().Input("s", Datatype.Int64, -1).Output("y", Datatype.Fp32, -1).Node("ConstantOfShape", ["s"], ["y"]).ToBytes());
        await PredictForAsync(client, time / 2, server);

        // Three rounds, each with its own idle time, so that a slow moment of the machine falls on both.
        var large = Large();
        (string Name, Func<CancellationToken, Task> Attack)[] attacks =
        [
            ("four callers, 28 bytes for 9.6 GB each time", token => RepeatAsync(4, token, () => SendAsync(client, "zeros", "{\"values\":[2400000000]}"u8.ToArray(), token))),
            ("one caller, 80 MB of zeros each time", token => RepeatAsync(1, token, () => SendAsync(client, "zeros", "{\"values\":[20000000]}"u8.ToArray(), token))),
            ("six callers, 40 MB of iris each time", token => RepeatAsync(6, token, () => SendAsync(client, "iris", large, token))),
        ];
        Console.WriteLine($"{cage.Kind}, {cage.Bytes >> 20} MiB");
        Console.WriteLine("| what goes on | predictions of another caller, p50 / p99 / slowest, ms | the same alone | slowest, times as slow | refused |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (var (name, attack) in attacks)
        {
            var alone = await PredictForAsync(client, time, server);
            using var ending = new CancellationTokenSource();
            var attacking = attack(ending.Token);
            var beside = await PredictForAsync(client, time, server);
            await ending.CancelAsync();
            await attacking;
            Console.WriteLine(FormattableString.Invariant($"| {name} | {beside} | {alone} | {beside.Slowest / alone.Slowest:F1} | {beside.Failed} of {beside.Count} |"));
        }

        Console.WriteLine($"peak: {cage.Peak(server.Id) >> 20} MiB");
        return server.HasExited ? 1 : 0;
    }
    finally
    {
        if (!server.HasExited)
            server.Kill();
        await server.WaitForExitAsync();
    }
}
finally
{
    folder.Delete(recursive: true);
}

static async Task UploadAsync(HttpClient client, string name, byte[] model)
{
    using var form = new MultipartFormDataContent { { new ByteArrayContent(model), "path", "model.onnx" } };
    using var response = await client.PutAsync($"/api/v1/models/{name}", form);
    response.EnsureSuccessStatusCode();
}

static async Task<int> SendAsync(HttpClient client, string model, byte[] body, CancellationToken cancellationToken)
{
    using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
    using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/models/{model}/prediction") { Content = content };
    using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    await response.Content.CopyToAsync(Stream.Null, cancellationToken);
    return (int)response.StatusCode;
}

static Task RepeatAsync(int callers, CancellationToken cancellationToken, Func<Task> request) => Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
{
    while (!cancellationToken.IsCancellationRequested)
    {
        try
        {
            await request();
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            // Cut off, or the end.
        }
    }
})));

static async Task<Latencies> PredictForAsync(HttpClient client, TimeSpan time, Process server)
{
    var (all, failed, clock) = (new List<double>(), 0, Stopwatch.StartNew());
    while (clock.Elapsed < time && !server.HasExited)
    {
        var began = Stopwatch.GetTimestamp();
        failed += await SendAsync(client, "iris", Encoding.UTF8.GetBytes(Iris), default) == 200 ? 0 : 1;
        all.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    all.Sort();
    return new Latencies(all[all.Count / 2], all[all.Count * 99 / 100], all[^1], all.Count, failed);
}

static byte[] Large()
{
    var body = new StringBuilder("{\"values\":[[5.1,3.5,1.4,0.2]");
    while (body.Length < 40_000_000)
        body.Append(",[5.1,3.5,1.4,0.2]");
    return Encoding.UTF8.GetBytes(body.Append("]}").ToString());
}

internal sealed record Latencies(double Middle, double P99, double Slowest, int Count, int Failed)
{
    public override string ToString() => FormattableString.Invariant($"{Middle:F1} / {P99:F1} / {Slowest:F0}");
}
