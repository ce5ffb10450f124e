using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.MLflow;
using Larder.Registry.Jobs;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Search;

/// <summary>Finding models, versions, data sets, runs and jobs, at a running Larder.</summary>
public sealed class SearchTests(LarderFixture larder) : IClassFixture<LarderFixture>
{
    private readonly HttpClient _client = larder.Client;

    [Theory]
    [InlineData("quillfeather")]
    [InlineData("quill")]
    [InlineData("QUILLFEATHER detec")]
    [InlineData("quilfeather")]
    [InlineData("quilfaether")]
    [InlineData("galapagos")]
    [InlineData("Galápagos")]
    [InlineData("ornithology")]
    public async Task A_model_is_found_by_words_their_beginnings_and_with_typos(string text)
    {
        if ((await _client.GetJsonAsync("/api/v1/models/quillfeather-detector")).Status == HttpStatusCode.NotFound)
        {
            await _client.UploadAsync("quillfeather-detector", OnnxModel.Linear());
            await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/quillfeather-detector", """{"model_description":"Finches of the Galápagos.","tags":{"field":"ornithology"}}""");
        }

        var found = await SearchAsync($"q={Uri.EscapeDataString(text)}&kind=model");

        Assert.Contains("quillfeather-detector", Ids(found));
        Assert.Equal("/api/v1/models/quillfeather-detector", (string)found["hits"]!.AsArray().First(hit => (string)hit!["id"]! == "quillfeather-detector")!["link"]!);
    }

    [Fact]
    public async Task What_this_server_changes_is_found_at_once()
    {
        Assert.Empty(Ids(await SearchAsync("q=vellichorium")));
        await _client.UploadAsync("vellichorium", OnnxModel.Linear());
        Assert.Equal(["vellichorium", "vellichorium:1"], Ids(await SearchAsync("q=vellichorium")).Order(StringComparer.Ordinal));
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/vellichorium", """{"model_description":"Smells of petrichorium."}""");
        Assert.Equal(["vellichorium"], Ids(await SearchAsync("q=petrichorium")));

        await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/vellichorium?force=true");

        Assert.Empty(Ids(await SearchAsync("q=vellichorium")));
    }

    [Fact]
    public async Task What_another_server_changes_is_found_soon()
    {
        Assert.Empty(Ids(await SearchAsync("q=xylographica")));
        var jobs = new JobStore(await TestStore.OpenAsync(larder.Storage), TimeProvider.System);
        var id = JobId.Create(DateTimeOffset.UtcNow);
        await jobs.CreateAsync(new Job
        {
            Id = id, Type = "train", State = JobState.Failed, Model = "xylo", Reason = "No xylographica.", Created = DateTimeOffset.UtcNow, Options = JsonSerializer.SerializeToElement(new { }),
        });

        await Eventually.TrueAsync(async () => Ids(await SearchAsync("q=xylographica")).SequenceEqual([id]));
    }

    [Fact]
    public async Task Filters_facets_and_pages()
    {
        for (var i = 0; i < 5; i++)
        {
            await _client.UploadAsync($"facetta-{i}", OnnxModel.Linear());
            await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/facetta-{i}", new JsonObject { ["owner"] = i < 2 ? "ann" : "bob", ["tags"] = new JsonObject { ["side"] = i % 2 == 0 ? "even" : "odd" } }.ToJsonString());
        }

        var all = await SearchAsync("q=facetta&kind=model");
        var filtered = await SearchAsync($"q=facetta&filter={Uri.EscapeDataString("kind = 'model' AND (tags.side = 'odd' OR owner = 'ann')")}&order={Uri.EscapeDataString("title DESC")}");
        var pages = new List<string>();
        string? cursor = null;
        do
        {
            var page = await SearchAsync($"q=facetta&kind=model,version&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.Equal(10, (int)page["total"]!);
            pages.AddRange(Ids(page));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);

        Assert.Equal(5, (int)all["total"]!);
        // Other kinds are counted, too, so that they can be chosen.
        Assert.Equal(["model 5", "version 5"], Facet(all, "kind"));
        Assert.Equal(["bob 3", "ann 2"], Facet(all, "owner"));
        Assert.Equal(["side:even 3", "side:odd 2"], Facet(all, "tag"));
        Assert.Equal(["facetta-3", "facetta-1", "facetta-0"], Ids(filtered));
        Assert.Equal(10, pages.Distinct().Count());
        Assert.Equal(10, pages.Count);

        var first = await SearchAsync("q=facetta&limit=3");
        var other = await _client.GetJsonAsync($"/api/v1/search?q=other&limit=3&cursor={first["next_cursor"]}");
        Assert.Equal((422, "The cursor is none that an earlier page of this list gave."), (other.Code, other.Description));
    }

    [Fact]
    public async Task A_score_has_parts_and_a_metric_ranks_what_has_it()
    {
        var experiment = await _client.NewExperimentAsync();
        foreach (var (name, loss) in new[] { ("scoria worst", 0.9), ("scoria best", 0.1), ("scoria middle", 0.3) })
        {
            var run = await _client.NewRunAsync(experiment, $$""","run_name":"{{name}}" """);
            await _client.PostAsync("runs/log-metric", new JsonObject { ["run_id"] = run, ["key"] = "loss", ["value"] = loss, ["timestamp"] = 1 }.ToJsonString());
        }

        var ranked = await SearchAsync("q=scoria&metric=loss&direction=min");

        Assert.Equal(["scoria best", "scoria middle", "scoria worst"], ranked["hits"]!.AsArray().Select(hit => (string)hit!["title"]!));
        Assert.Equal([1, 0.75, 0], ranked["hits"]!.AsArray().Select(hit => Math.Round((double)hit!["score"]!["metric"]!, 6)));
        var score = ranked["hits"]![0]!["score"]!;
        // The weights as they are by default.
        Assert.Equal((double)score["total"]!, 10 * (double)score["text"]! + 2 * (double)score["recency"]! + (double)score["use"]! + 2 * (double)score["rating"]! + 5 * (double)score["metric"]!, 6);
        Assert.Equal(1, ranked["hits"]!.AsArray().Max(hit => (double)hit!["score"]!["text"]!));
    }

    [Fact]
    public async Task What_callers_think_of_a_model_counts_and_can_be_filtered_by()
    {
        foreach (var name in new[] { "ratita-low", "ratita-high", "ratita-none" })
            await _client.UploadAsync(name, OnnxModel.Linear());
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/ratita-low/rating", """{"stars":1}""");
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/ratita-high/rating", """{"stars":5}""");

        var found = await SearchAsync("q=ratita&kind=model");

        Assert.Equal(["ratita-high", "ratita-none", "ratita-low"], Ids(found));
        // With three ratings of three stars: (9 + 5) / 4 and (9 + 1) / 4 stars.
        Assert.Equal([0.625, 0.5, 0.375], found["hits"]!.AsArray().Select(hit => (double)hit!["score"]!["rating"]!));
        Assert.Equal([5.0, null, 1.0], found["hits"]!.AsArray().Select(hit => (double?)hit!["rating"]));
        Assert.Equal(["ratita-high", "ratita-high:1"], Ids(await SearchAsync($"q=ratita&filter={Uri.EscapeDataString("rating >= 4")}")).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("kind=planet", "There is no kind 'planet'. The kinds are model, version, dataset, run, job.")]
    [InlineData("filter=size%20%3D%20'a'", "Invalid attribute key 'size' specified. Valid keys are '['kind', 'id', 'title', 'model', 'owner', 'experiment', 'state', 'version_kind', 'job_type', 'created', 'updated', 'rating', 'score']' (at character 1)")]
    [InlineData("metric=a&metric=b", "A search is ranked by one metric: give metric once.")]
    [InlineData("metric=a&direction=up", "direction must be max, when more is better, or min.")]
    [InlineData("direction=max", "direction says which values of a metric are better: give metric, too.")]
    [InlineData("limit=101", "limit must be a whole number from 1 to 100.")]
    [InlineData("cursor=x", "The cursor is none that an earlier page of this list gave.")]
    public async Task What_is_no_search_is_refused(string query, string sentence)
    {
        var answer = await _client.GetJsonAsync($"/api/v1/search?{query}");

        Assert.Equal((422, sentence), (answer.Code, answer.Description));
    }

    private async Task<JsonNode> SearchAsync(string query)
    {
        var answer = await _client.GetJsonAsync($"/api/v1/search?{query}");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Description);
        return answer.Body;
    }

    private static IEnumerable<string> Ids(JsonNode answer) => answer["hits"]!.AsArray().Select(hit => (string)hit!["id"]!);

    private static IEnumerable<string> Facet(JsonNode answer, string name) => answer["facets"]![name]!.AsArray().Select(value => $"{value!["value"]} {value["count"]}");
}
