using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Load;
using Larder.Testing.Onnx;
using Xunit.Abstractions;

namespace Larder.Functions.Tests.Prediction;

/// <summary>
/// A warm prediction over HTTP allocates at most what bench/allocation-budget.json says, above what a bare ASP.NET Core endpoint (bench/load/floor) allocates in the same run.
/// Bytes are counted, and no time. The budgets are those of a debug build, where each asynchronous method that is called allocates its state; a release build needs fewer.
/// </summary>
public sealed class AllocationBudgetTests(ITestOutputHelper output)
{
    private static readonly byte[] Model = OnnxModel.Linear();

    [Fact]
    public async Task A_warm_prediction_allocates_no_more_than_its_budget()
    {
        await using var larder = await LarderProcess.StartAsync(await Azurite.AccountAsync());
        await using var floor = await FloorProcess.StartAsync();
        Assert.Equal(201, (await larder.Client.UploadAsync("budget", Model)).Code);
        var budgets = JsonSerializer.Deserialize<Dictionary<string, long>>(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "allocation-budget.json")))!;
        var bodies = new Dictionary<string, (string Path, string Body)>
        {
            ["JSON"] = ("/api/v1/models/budget/prediction", """{"values":[[5.1,3.5,1.4,0.2]]}"""),
            ["V2 JSON"] = ("/v2/models/budget/infer", """{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}"""),
            ["TensorFlow Serving"] = ("/v1/models/budget:predict", """{"instances":[[5.1,3.5,1.4,0.2]]}"""),
            ["MLflow scoring"] = ("/api/v1/models/budget/invocations", """{"inputs":[[5.1,3.5,1.4,0.2]]}"""),
        };
        Assert.Equal(bodies.Keys.Order(), budgets.Keys.Order());

        var bare = await MeasureAsync(floor.Client, "/bare", bodies["JSON"].Body, floor.AllocatedAsync);
        output.WriteLine($"bare endpoint: {bare:F0} bytes a request");
        var over = new List<string>();
        foreach (var (name, (path, body)) in bodies)
        {
            var above = await MeasureAsync(larder.Client, path, body, () => AllocationMeter.OfLarderAsync(larder.Client)) - bare;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {above:F0} above it, budget {budgets[name]}"));
            if (above > budgets[name])
                over.Add(string.Create(CultureInfo.InvariantCulture, $"{name} allocates {above:F0} bytes above a bare endpoint; its budget is {budgets[name]}."));
        }

        Assert.True(
            over.Count == 0,
            $"{string.Join(' ', over)} Find what allocates (bench/README.md, Allocation), and cut it; if it must be, raise the budget in bench/allocation-budget.json in the same commit, and say why.");
    }

    private static Task<double> MeasureAsync(HttpClient client, string path, string body, Func<Task<long>> allocated) =>
        AllocationMeter.PerRequestAsync(client, path, Encoding.UTF8.GetBytes(body), "application/json", allocated, windows: 3, requests: 2_000);

    /// <summary>The bare server in a process of its own.</summary>
    private sealed class FloorProcess : IAsyncDisposable
    {
        private const string Ready = "Host started: ";

        private readonly Process _process;

        private FloorProcess(Process process, Uri address)
        {
            _process = process;
            Client = new HttpClient { BaseAddress = address };
        }

        public HttpClient Client { get; }

        public static async Task<FloorProcess> StartAsync()
        {
            var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Larder.Bench.Floor.dll")]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                if (line.StartsWith(Ready, StringComparison.Ordinal))
                    return new FloorProcess(process, new Uri(line[Ready.Length..].Trim()));
            }

            throw new InvalidOperationException("The bare server ended before it was ready.");
        }

        public async Task<long> AllocatedAsync() => long.Parse(await Client.GetStringAsync("/allocated"), CultureInfo.InvariantCulture);

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
    }
}
