using System.Net.Http.Json;
using System.Text.Json;
using Larder.Testing;
using Microsoft.Playwright;

namespace Larder.Dashboard.Tests;

/// <summary>What the forms of the pages do, with JavaScript and without.</summary>
[Collection(nameof(SharedDashboard))]
public sealed class ActionTests(DashboardFixture larder)
{
    [BrowserTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_alias_is_moved_rolled_back_and_removed(bool withScript)
    {
        var model = $"aliases-{withScript}";
        await larder.UploadAsync(model, "champion");
        await larder.UploadAsync(model);
        await using var context = await ContextAsync(withScript);
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/ui/models/{model}");

        await Row("champion").GetByRole(AriaRole.Combobox).SelectOptionAsync("2");
        await Row("champion").GetByRole(AriaRole.Button, new() { Name = "Move", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("champion is version 2 now.");
        Assert.Equal(2, await TargetAsync(model, "champion"));

        await Row("champion").GetByRole(AriaRole.Button, new() { Name = "Roll back to 1" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("champion is version 1 now.");
        Assert.Equal(1, await TargetAsync(model, "champion"));

        await Row("champion").GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("champion is removed");
        Assert.Null(await TargetAsync(model, "champion"));

        await page.GetByLabel("New alias").FillAsync("staging");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("staging is version 2 now.");

        ILocator Row(string alias) => page.GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByRole(AriaRole.Rowheader, new() { Name = alias, Exact = true }) });
    }

    [BrowserTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_model_is_rated_and_the_rating_is_taken_back(bool withScript)
    {
        var model = $"rated-{withScript}".ToLowerInvariant();
        await larder.UploadAsync(model);
        await using var context = await ContextAsync(withScript);
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/ui/models/{model}");

        await RateAsync("4");
        await Assertions.Expect(page.GetByText("4.0 of 5 stars, 1 rating")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Your stars")).ToHaveValueAsync("4");

        await RateAsync("");
        await Assertions.Expect(page.GetByText("No ratings")).ToBeVisibleAsync();

        async Task RateAsync(string stars)
        {
            await page.GetByLabel("Your stars").SelectOptionAsync(stars);
            await page.GetByRole(AriaRole.Button, new() { Name = "Rate" }).ClickAsync();
        }
    }

    [BrowserTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_jobs_that_a_filter_shows_are_downloaded_with_it(bool withScript)
    {
        await using var context = await ContextAsync(withScript);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/jobs?state=succeeded&model=trained");

        var csv = await DownloadAsync("CSV");
        var json = await DownloadAsync("JSON");

        Assert.Contains($"{larder.Job},train,trained,", csv, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(json);
        Assert.Equal(csv.Split("\r\n").Length - 2, document.RootElement.GetArrayLength());
        Assert.All(document.RootElement.EnumerateArray(), job => Assert.Equal(("trained", "succeeded"), (job.GetProperty("model").GetString(), job.GetProperty("state").GetString())));

        async Task<string> DownloadAsync(string format)
        {
            var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = format, Exact = true }).ClickAsync());
            Assert.Equal($"jobs.{format.ToLowerInvariant()}", download.SuggestedFilename);
            return await File.ReadAllTextAsync((await download.PathAsync())!);
        }
    }

    [BrowserFact]
    public async Task A_move_that_another_caller_made_in_between_is_not_undone_unseen()
    {
        await larder.UploadAsync("raced", "champion");
        await larder.UploadAsync("raced");
        await larder.UploadAsync("raced");
        await using var context = await ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/models/raced");
        await DashboardFixture.OkAsync(await larder.Api.PutAsync("/api/v1/models/raced/aliases/champion", new StringContent("""{"version":3}""")));

        var row = page.GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByRole(AriaRole.Rowheader, new() { Name = "champion", Exact = true }) });
        await row.GetByRole(AriaRole.Combobox).SelectOptionAsync("2");
        await row.GetByRole(AriaRole.Button, new() { Name = "Move", Exact = true }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("champion");
        Assert.Equal(3, await TargetAsync("raced", "champion"));
    }

    [BrowserTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Features_are_predicted_and_the_same_request_is_shown(bool withScript)
    {
        await using var context = await ContextAsync(withScript);
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/ui/models/{larder.Model}/try");
        foreach (var (feature, value) in new[] { ("sepal length", "5.1"), ("sepal width", "3.5"), ("petal length", "1.4"), ("petal width", "0.2") })
            await page.GetByLabel(feature).FillAsync(value);
        await page.GetByRole(AriaRole.Button, new() { Name = "Predict" }).First.ClickAsync();

        await Assertions.Expect(page.Locator("section[aria-labelledby=answer]")).ToContainTextAsync("setosa");
        await Assertions.Expect(page.GetByLabel("sepal length")).ToHaveValueAsync("5.1");
        var curl = await page.Locator("pre.code").First.TextContentAsync();
        Assert.Contains("""{"values":{"sepal length":5.1,""", curl, StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Wrong_values_are_refused_in_the_place_of_the_answer()
    {
        await using var context = await ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/ui/models/{larder.Model}/try");
        await page.GetByText("As JSON").ClickAsync();
        await page.GetByLabel("values", new() { Exact = true }).FillAsync("[[1, 2, 3]]");
        await page.Locator("details form").GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("4");

        await page.GetByLabel("values", new() { Exact = true }).FillAsync("[[1, 2");
        await page.Locator("details form").GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not JSON");
    }

    [BrowserFact]
    public async Task A_picture_is_predicted()
    {
        await using var context = await ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/models/digits/try");
        await page.GetByLabel("Picture").SetInputFilesAsync(DashboardFixture.Sample("digits", "files", "4.png"));
        await Assertions.Expect(page.Locator("#preview")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Predict" }).First.ClickAsync();
        await Assertions.Expect(page.Locator("section[aria-labelledby=answer] pre.values").First).ToBeVisibleAsync();
    }

    [BrowserTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_model_is_uploaded_and_a_wrong_file_is_refused_with_the_servers_sentence(bool withScript)
    {
        var model = $"uploaded-{withScript}";
        await using var context = await ContextAsync(withScript);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/models");
        await page.GetByRole(AriaRole.Link, new() { Name = "Upload a model" }).ClickAsync();
        await page.GetByLabel("Model", new() { Exact = true }).FillAsync(model);
        await page.GetByLabel("File").SetInputFilesAsync(new FilePayload { Name = "broken.onnx", MimeType = "application/octet-stream", Buffer = [1, 2, 3] });
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload" }).ClickAsync();
        await Assertions.Expect(page.Locator(".error")).ToContainTextAsync("The file is damaged");
        await Assertions.Expect(page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync(model);

        await page.GetByLabel("File").SetInputFilesAsync(DashboardFixture.Sample("iris", "iris.onnx"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync($"{model} version 1");
    }

    [BrowserFact]
    public async Task A_training_is_submitted_followed_and_run_again()
    {
        await using var context = await ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/train");
        await page.GetByLabel("Model", new() { Exact = true }).FillAsync("by-form");
        await page.GetByLabel("Script").SetInputFilesAsync(DashboardFixture.Sample("iris", "train.py"));
        await page.GetByLabel("Data set", new() { Exact = true }).SetInputFilesAsync(DashboardFixture.Sample("iris", "iris.csv"));
        await page.GetByText("Options").ClickAsync();
        await page.GetByLabel("alias").FillAsync("champion");
        await page.GetByRole(AriaRole.Button, new() { Name = "Train" }).ClickAsync();

        // The page follows: the state changes and the log grows without a reload.
        await Assertions.Expect(page.Locator("#job .state").First).ToHaveTextAsync("succeeded", new() { Timeout = 120_000 });
        await Assertions.Expect(page.Locator("#lines")).Not.ToBeEmptyAsync();
        Assert.Equal(1, await TargetAsync("by-form", "champion"));
        var first = page.Url;
        await page.GetByRole(AriaRole.Button, new() { Name = "Run again" }).ClickAsync();
        await Assertions.Expect(page).Not.ToHaveURLAsync(first);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("job");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Run again" })).ToBeVisibleAsync(new() { Timeout = 120_000 });
    }

    [BrowserFact]
    public async Task A_wrong_option_is_refused_and_the_form_keeps_what_was_given()
    {
        await using var context = await ContextAsync(withScript: false);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/train");
        await page.GetByLabel("Model", new() { Exact = true }).FillAsync("never");
        await page.GetByLabel("Script").SetInputFilesAsync(DashboardFixture.Sample("iris", "train.py"));
        await page.GetByLabel("Data set", new() { Exact = true }).SetInputFilesAsync(DashboardFixture.Sample("iris", "iris.csv"));
        await page.GetByText("Options").ClickAsync();
        await page.GetByLabel("environment").FillAsync("""{"LARDER_X": "1"}""");
        await page.GetByRole(AriaRole.Button, new() { Name = "Train" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("LARDER_");
        await Assertions.Expect(page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync("never");
        await Assertions.Expect(page.GetByLabel("environment")).ToHaveValueAsync("""{"LARDER_X": "1"}""");
    }

    [BrowserTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_data_set_is_scored_by_the_form_that_the_page_of_the_model_links_to(bool withScript)
    {
        await using var context = await ContextAsync(withScript);
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/ui/models/{larder.Model}:1");
        await page.GetByRole(AriaRole.Link, new() { Name = "Score a data set" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync($"{larder.Model}:1");
        await page.GetByLabel("Data set", new() { Exact = true }).SetInputFilesAsync(DashboardFixture.Sample("iris", "iris.csv"));
        await page.Locator("main summary").ClickAsync();
        await page.GetByLabel("chunk_rows").FillAsync("50");
        await page.GetByRole(AriaRole.Button, new() { Name = "Score" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The job is accepted.");
        var job = await JobAsync(page);
        Assert.Equal(("score", larder.Model, 1, 50), (job.GetProperty("type").GetString(), job.GetProperty("model").GetString(), job.GetProperty("version").GetInt32(), job.GetProperty("options").GetProperty("chunk_rows").GetInt32()));
    }

    [BrowserFact]
    public async Task A_data_set_is_checked_for_drift_by_the_form_and_its_job_shows_what_was_found()
    {
        await using var context = await ContextAsync(withScript: true);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/models/trained:1");
        await page.GetByRole(AriaRole.Link, new() { Name = "Check for drift" }).ClickAsync();
        await page.GetByLabel("Data set", new() { Exact = true }).SetInputFilesAsync(DashboardFixture.Sample("iris", "iris.csv"));
        await page.Locator("main summary").ClickAsync();
        await page.GetByLabel("threshold").FillAsync("0.1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The job is accepted.");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("No drift: of 5 columns", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("petal_length");
        var job = await JobAsync(page);
        Assert.Equal(("drift", 0.1), (job.GetProperty("type").GetString(), job.GetProperty("options").GetProperty("threshold").GetDouble()));
    }

    [BrowserFact]
    public async Task A_scoring_that_is_refused_makes_no_job_and_its_form_keeps_what_was_given()
    {
        await using var context = await ContextAsync(withScript: false);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/submit/score");
        await page.GetByLabel("Model", new() { Exact = true }).FillAsync("no-such-model");
        await page.GetByLabel("or its address").FillAsync("datasets/iris/none.csv");
        await page.Locator("main summary").ClickAsync();
        await page.GetByLabel("keep").FillAsync("""["id"]""");
        await page.GetByRole(AriaRole.Button, new() { Name = "Score" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("no-such-model");
        await Assertions.Expect(page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync("no-such-model");
        await Assertions.Expect(page.GetByLabel("keep")).ToHaveValueAsync("""["id"]""");

        await page.GetByLabel("Data set", new() { Exact = true }).SetInputFilesAsync(DashboardFixture.Sample("iris", "iris.csv"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Score" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("Give the file or its address, not both.");
        Assert.Equal(0, (await DashboardFixture.OkAsync(await larder.Api.GetAsync("/api/v1/jobs?model=no-such-model"))).GetProperty("total").GetInt32());
    }

    [BrowserFact]
    public async Task Models_are_exported_and_imported_by_forms()
    {
        await larder.UploadAsync("carried");
        await using var context = await ContextAsync(withScript: false);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/jobs");
        await page.GetByRole(AriaRole.Link, new() { Name = "Export models" }).ClickAsync();
        await page.GetByLabel("models", new() { Exact = true }).FillAsync("""["carried"]""");
        await page.GetByRole(AriaRole.Button, new() { Name = "Export" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The job is accepted.");
        var export = (await JobAsync(page)).GetProperty("id").GetString()!;
        await Eventually.TrueAsync(async () => (await DashboardFixture.OkAsync(await larder.Api.GetAsync($"/api/v1/jobs/{export}"))).GetProperty("job").GetProperty("state").GetString() == "succeeded");

        await page.GotoAsync("/ui/submit/import");
        await page.GetByLabel("or where it is").FillAsync(export);
        await page.GetByRole(AriaRole.Button, new() { Name = "Import" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The job is accepted.");
        Assert.Equal("import", (await JobAsync(page)).GetProperty("type").GetString());
    }

    [BrowserFact]
    public async Task There_are_forms_only_for_what_a_person_submits()
    {
        foreach (var path in new[] { "ingest", "upload", "dataset", "none" })
            Assert.Equal(404, (int)(await larder.Api.GetAsync($"/ui/submit/{path}")).StatusCode);
        Assert.Equal(422, (int)(await larder.Api.GetAsync("/ui/submit/export?model=iris")).StatusCode);
    }

    [BrowserFact]
    public async Task Runs_are_chosen_and_compared()
    {
        await using var context = await ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/ui/experiments/{larder.Experiment}?columns=params.depth,metrics.loss");
        await Assertions.Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "metrics.loss" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "metrics.loss" }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody th").First).ToHaveTextAsync("depth-1");
        await page.GetByRole(AriaRole.Link, new() { Name = "metrics.loss" }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody th").First).ToHaveTextAsync("depth-3");
        await page.GetByLabel("Compare depth-1").CheckAsync();
        await page.GetByLabel("Compare depth-3").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare the chosen runs" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("Compare 2 runs");
        await Assertions.Expect(page.Locator("tr.differs th").First).ToHaveTextAsync("params.depth");
        await Assertions.Expect(page.Locator("svg.parallel path")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator(".chart canvas")).ToHaveCountAsync(1);
        await page.GetByLabel("only what differs").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Rowheader, new() { Name = "params.seed" })).ToHaveCountAsync(0);
    }

    [BrowserTheory]
    [InlineData("quillwort", "quilwort", true)]
    [InlineData("spikemoss", "spikmoss", false)]
    public async Task What_is_searched_for_in_the_header_is_found_narrowed_and_opened(string model, string typed, bool withScript)
    {
        await larder.UploadAsync(model);
        await DashboardFixture.OkAsync(await larder.Api.PostAsJsonAsync($"/api/v1/models/{model}", new { tags = new { habitat = "lake: O'Hara" } }));
        await using var context = await ContextAsync(withScript);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/jobs");
        await page.GetByLabel("Search everything").FillAsync(typed);
        await page.Locator("header").GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Words")).ToHaveValueAsync(typed);
        await Assertions.Expect(Hits()).ToHaveTextAsync("2 hits");

        await Facet("version").ClickAsync();
        await Assertions.Expect(Hits()).ToHaveTextAsync("1 hit");
        await Assertions.Expect(page.GetByRole(AriaRole.Checkbox, new() { Name = "version" })).ToBeCheckedAsync();
        await page.Locator("p.actions").GetByRole(AriaRole.Link, new() { Name = "version" }).ClickAsync();
        await Assertions.Expect(Hits()).ToHaveTextAsync("2 hits");

        // The tag's key ends at one of the colons; the model has it, and its version does not.
        await Facet("habitat:lake: O'Hara").ClickAsync();
        await Assertions.Expect(Hits()).ToHaveTextAsync("1 hit");
        await Assertions.Expect(page.GetByLabel("Filter", new() { Exact = true })).ToHaveValueAsync("(tags.`habitat` = 'lake: O''Hara' OR tags.`habitat:lake` = ' O''Hara')");
        await page.Locator("ol.hits summary").ClickAsync();
        await Assertions.Expect(page.GetByText("how well the words fit")).ToBeVisibleAsync();
        await page.Locator("ol.hits").GetByRole(AriaRole.Link, new() { Name = model }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(model);

        ILocator Hits() => page.Locator("#hits");
        ILocator Facet(string value) => page.GetByRole(AriaRole.Navigation, new() { Name = "Narrow the search" }).GetByRole(AriaRole.Link, new() { Name = value, Exact = true });
    }

    [BrowserFact]
    public async Task The_pages_of_a_search_have_each_hit_once()
    {
        for (var run = 0; run < 21; run++)
            await DashboardFixture.OkAsync(await larder.Api.PostAsJsonAsync("/api/2.0/mlflow/runs/create", new { experiment_id = larder.Experiment, run_name = $"adder-tongue-{run}" }));
        await using var context = await ContextAsync(withScript: false);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/search?q=adder&filter=kind%20%3D%20'run'%20%20and%20state%20%3D%20'RUNNING'");
        await Assertions.Expect(page.Locator("#hits")).ToHaveTextAsync("21 hits");
        var titles = (await page.Locator("ol.hits h3 a").AllTextContentsAsync()).ToList();
        Assert.Equal(20, titles.Count);
        await page.GetByRole(AriaRole.Link, new() { Name = "Next page" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Next page" })).ToHaveCountAsync(0);
        titles.AddRange(await page.Locator("ol.hits h3 a").AllTextContentsAsync());
        Assert.Equal(21, titles.Distinct().Count());
    }

    [BrowserFact]
    public async Task A_schedule_is_paused_and_goes_on()
    {
        await using var context = await ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/ui/schedules/{larder.Schedule}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The schedule is paused.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The schedule goes on.");
    }

    private Task<IBrowserContext> ContextAsync(bool withScript = true) =>
        larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = larder.Address, JavaScriptEnabled = withScript });

    private async Task<int?> TargetAsync(string model, string alias) =>
        (await DashboardFixture.OkAsync(await larder.Api.GetAsync($"/api/v1/models/{model}"))).GetProperty("model").GetProperty("aliases").TryGetProperty(alias, out var version) && version.ValueKind == JsonValueKind.Number
            ? version.GetInt32()
            : null;

    private async Task<JsonElement> JobAsync(IPage page) => (await DashboardFixture.OkAsync(await larder.Api.GetAsync($"/api/v1/jobs/{page.Url.Split('/')[^1]}"))).GetProperty("job");
}
