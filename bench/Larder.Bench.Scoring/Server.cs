using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Larder.Bench.Scoring;

/// <summary>The functions app as a process of its own.</summary>
internal sealed class Server : IAsyncDisposable
{
    private const string Ready = "Host started: ";

    private readonly Process _process;
    private readonly HttpClient _client;

    private Server(Process process, Uri address)
    {
        _process = process;
        _client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
    }

    public static async Task<Server> StartAsync(string storage, string folder)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Larder.Host.dll"), "--port", "0"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["AzureWebJobsStorage"] = storage;
        start.Environment["LocalFolder"] = Path.Combine(folder, "larder");
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith(Ready, StringComparison.Ordinal))
                continue;
            _ = process.StandardOutput.ReadToEndAsync();
            return new Server(process, new Uri(line[Ready.Length..].Trim()));
        }

        throw new InvalidOperationException("The server ended before it was ready.");
    }

    public async Task UploadAsync(string name, string model)
    {
        using var form = new MultipartFormDataContent { { new StreamContent(File.OpenRead(model)), "path", "model.onnx" } };
        using var response = await _client.PutAsync($"/api/v1/models/{name}", form);
        response.EnsureSuccessStatusCode();
    }

    public async Task<Job> ScoreAsync(string name, string dataset)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("""{"keep":["species"]}"""), "options" },
            { new StreamContent(File.OpenRead(dataset)), "dataset", "iris.csv" },
        };
        using var response = await _client.PostAsync($"/api/v1/models/{name}/scoring", form);
        response.EnsureSuccessStatusCode();
        var id = (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["job"]!["id"]!;
        var memory = new List<int>();
        _process.Refresh();
        var before = _process.TotalProcessorTime;
        while (true)
        {
            memory.Add(Resident());
            var job = JsonNode.Parse(await _client.GetStringAsync($"/api/v1/jobs/{id}"))!["job"]!;
            if ((string)job["state"]! is "queued" or "running")
            {
                await Task.Delay(200);
                continue;
            }

            if ((string)job["state"]! != "succeeded")
                throw new InvalidOperationException(job.ToString());
            var steps = job["steps"]!.AsArray().Select(step => FormattableString.Invariant($"{step!["name"]} {Seconds(step!["started"]!, step["finished"]!):F1} s"));
            _process.Refresh();
            return new Job(
                Seconds(job["created"]!, job["finished"]!),
                (_process.TotalProcessorTime - before).TotalSeconds, (long)job["metrics"]!["rows"]!, (long)job["outputs"]![0]!["size_bytes"]!, [.. steps], memory);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static double Seconds(JsonNode from, JsonNode to) =>
        (DateTimeOffset.Parse((string)to!, CultureInfo.InvariantCulture) - DateTimeOffset.Parse((string)from!, CultureInfo.InvariantCulture)).TotalSeconds;

    private int Resident()
    {
        _process.Refresh();
        return (int)(_process.WorkingSet64 / 1_000_000);
    }

    /// <summary>What came of a scoring.</summary>
    internal sealed record Job(double Seconds, double CpuSeconds, long Rows, long ResultBytes, IReadOnlyList<string> Steps, IReadOnlyList<int> Memory);
}
