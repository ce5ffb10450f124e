using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Microsoft.Playwright;

namespace Larder.Dashboard.Tests;

/// <summary>A real Larder with content, and a real Chromium. Tests that change something make models of their own.</summary>
public sealed class DashboardFixture : IAsyncLifetime
{
    private Azurite? _azurite;
    private LarderProcess? _larder;
    private IPlaywright? _playwright;

    /// <summary>The browser.</summary>
    public IBrowser Browser { get; private set; } = null!;

    /// <summary>Calls the API.</summary>
    public HttpClient Api => _larder!.Client;

    /// <summary>The server's address, without a slash at the end.</summary>
    public string Address => _larder!.Client.BaseAddress!.ToString().TrimEnd('/');

    /// <summary>A model with two versions, an alias that was moved, features and labels.</summary>
    public string Model => "iris";

    /// <summary>A job that has trained a model.</summary>
    public string Job { get; private set; } = "";

    /// <summary>The run of that job.</summary>
    public string Run { get; private set; } = "";

    /// <summary>An experiment with three runs that differ.</summary>
    public string Experiment { get; private set; } = "";

    /// <summary>Those runs.</summary>
    public List<string> Runs { get; } = [];

    /// <summary>A schedule.</summary>
    public string Schedule { get; private set; } = "";

    /// <summary>The storage of another server.</summary>
    public string NewStorage() => _azurite!.NewAccount();

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        // Then every test is skipped.
        if (Chromium.Program is not { } program)
            return;
        _azurite = await Azurite.StartAsync();
        _larder = await LarderProcess.StartAsync(_azurite.ConnectionString);
        _playwright = await Playwright.CreateAsync();
        // A machine that is busy with other tests takes long for a page.
        Assertions.SetDefaultExpectTimeout(60_000);
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = program, Args = ["--no-sandbox"] });
        await FillAsync();
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (Browser is not null)
            await Browser.DisposeAsync();
        _playwright?.Dispose();
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await ((IAsyncDisposable)_azurite).DisposeAsync();
    }

    /// <summary>Uploads the iris sample as a version of a model.</summary>
    public async Task UploadAsync(string model, string? alias = null)
    {
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(await File.ReadAllBytesAsync(Sample("iris", "iris.onnx"))), "path", "iris.onnx" },
            { new StringContent("Iris species from four measurements in centimetres."), "model_description" },
            { new StringContent("""[{"name":"sepal length","unit":"cm"},{"name":"sepal width","unit":"cm"},{"name":"petal length","unit":"cm"},{"name":"petal width","unit":"cm"}]"""), "features" },
            { new StringContent("""["setosa","versicolor","virginica"]"""), "labels" },
        };
        if (alias is not null)
            form.Add(new StringContent(alias), "alias");
        await OkAsync(await Api.PutAsync($"/api/v1/models/{model}", form));
    }

    /// <summary>A file of samples/.</summary>
    public static string Sample(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "samples", .. parts]);

    /// <summary>The JSON of an answer that must be a success.</summary>
    public static async Task<JsonElement> OkAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    private async Task FillAsync()
    {
        await UploadAsync(Model, "champion");
        await UploadAsync(Model, "champion");
        await OkAsync(await Api.PostAsJsonAsync($"/api/v1/models/{Model}", new { tags = new { team = "botany" }, owner = "ann" }));
        using var image = new ByteArrayContent(await File.ReadAllBytesAsync(Sample("digits", "digits.onnx")));
        image.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        await OkAsync(await Api.PutAsync("/api/v1/models/digits", image));

        using var training = new MultipartFormDataContent
        {
            { new ByteArrayContent(await File.ReadAllBytesAsync(Sample("iris", "train.py"))), "script", "train.py" },
            { new ByteArrayContent(await File.ReadAllBytesAsync(Sample("iris", "iris.csv"))), "dataset", "iris.csv" },
        };
        Job = (await OkAsync(await Api.PostAsync("/api/v1/train/trained", training))).GetProperty("job").GetProperty("id").GetString()!;
        JsonElement job = default;
        await Eventually.TrueAsync(async () =>
            (job = (await OkAsync(await Api.GetAsync($"/api/v1/jobs/{Job}"))).GetProperty("job")).GetProperty("finished").ValueKind == JsonValueKind.String);
        Assert.Equal("succeeded", job.GetProperty("state").GetString());
        Run = job.GetProperty("run").GetString()!;

        Experiment = (await OkAsync(await Api.PostAsJsonAsync("/api/2.0/mlflow/experiments/create", new { name = "depths" }))).GetProperty("experiment_id").GetString()!;
        for (var depth = 1; depth <= 3; depth++)
        {
            var run = (await OkAsync(await Api.PostAsJsonAsync("/api/2.0/mlflow/runs/create", new { experiment_id = Experiment, run_name = $"depth-{depth}", start_time = 1_700_000_000_000 + depth }))).GetProperty("run").GetProperty("info").GetProperty("run_id").GetString()!;
            Runs.Add(run);
            await OkAsync(await Api.PostAsJsonAsync("/api/2.0/mlflow/runs/log-batch", new
            {
                run_id = run,
                @params = new[] { new { key = "depth", value = $"{depth}" }, new { key = "seed", value = "7" } },
                metrics = Enumerable.Range(0, 20).Select(step => new { key = "loss", value = 1.0 / (step + depth), timestamp = 1_700_000_000_000 + 1000 * step, step }).ToArray(),
            }));
            await OkAsync(await Api.PostAsJsonAsync("/api/2.0/mlflow/runs/update", new { run_id = run, status = "FINISHED", end_time = 1_700_000_030_000 }));
        }

        Schedule = (await OkAsync(await Api.PostAsJsonAsync("/api/v1/schedules", new
        {
            name = "nightly",
            cron = "0 3 * * *",
            time_zone = "Europe/Berlin",
            job = new { type = "train", model = "trained", inputs = new { job = Job } },
        }))).GetProperty("schedule").GetProperty("id").GetString()!;
    }
}

/// <summary>The tests that share <see cref="DashboardFixture"/>.</summary>
[CollectionDefinition(nameof(SharedDashboard))]
public sealed class SharedDashboard : ICollectionFixture<DashboardFixture>;
