using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Cosmos;

/// <summary>What users do most, on Cosmos DB. <c>LARDER_TEST_STORE=cosmos dotnet test</c> runs everything else there.</summary>
public sealed class CosmosLarderTests(CosmosLarderFixture larder) : IClassFixture<CosmosLarderFixture>
{
    private const string Row = """{"values":[1,2,3,4]}""";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Versions_are_numbered_aliases_move_and_predictions_follow()
    {
        for (var version = 1; version <= 3; version++)
        {
            var uploaded = await _client.UploadAsync("moving", OnnxModel.Linear(classes: 1 + version));
            Assert.Equal((HttpStatusCode.Created, version), (uploaded.Status, (int)uploaded.Body["version"]!["version"]!));
        }

        Assert.Equal(HttpStatusCode.OK, (await SetAliasAsync(1)).Status);
        var moved = await SetAliasAsync(2);
        Assert.Equal((1, 2), ((int)moved.Body["previous"]!, (int)moved.Body["current"]!));

        Assert.Equal(HttpStatusCode.OK, (await _client.PredictAsync("moving", Row)).Status);
        Assert.Equal(HttpStatusCode.OK, (await _client.PredictAsync("moving:champion", Row)).Status);
        Assert.Equal(2, (int)(await _client.GetJsonAsync("/api/v1/models/moving:champion")).Body["version"]!["version"]!);
        Assert.Equal([1, 2, 3], (await _client.GetJsonAsync("/api/v1/models/moving")).Body["versions"]!.AsArray().Select(version => (int)version!["version"]!));

        Task<Answer> SetAliasAsync(int version) =>
            _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/moving/aliases/champion", $$"""{"version":{{version}}}""");
    }

    [Fact]
    public async Task Models_are_listed_by_name_a_page_at_a_time()
    {
        string[] names = ["list-c", "list-a", "list-b2", "list-b", "list-B"];
        foreach (var name in names)
            await _client.UploadAsync(name, OnnxModel.Linear());

        var listed = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await _client.GetJsonAsync($"/api/v1/models?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}")).Body;
            Assert.InRange(page["model_list"]!.AsArray().Count, 0, 2);
            listed.AddRange(page["model_list"]!.AsArray().Select(name => (string)name!));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);

        Assert.Equal(names.Order(StringComparer.Ordinal), listed.Where(name => name.StartsWith("list-", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.GetJsonAsync("/api/v1/models?cursor=none")).Status);
    }

    [Fact]
    public async Task An_edit_of_what_has_changed_since_is_refused()
    {
        await _client.UploadAsync("edited", OnnxModel.Linear());
        var read = await _client.GetJsonAsync("/api/v1/models/edited");
        var etag = read.Headers.ETag!.ToString();

        var first = await EditAsync("first");
        var second = await EditAsync("second");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.PreconditionFailed), (first.Status, second.Status));

        Task<Answer> EditAsync(string text) =>
            _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/edited", $$"""{"model_description":"{{text}}"}""", ("If-Match", etag));
    }

    [Fact]
    public async Task A_training_ends_with_a_version_and_its_job_is_listed()
    {
        var job = await _client.TrainToEndAsync("trained", TrainingClient.Copy);

        Assert.True((string)job["state"]! == "succeeded", $"{job}\n{larder.Log}");
        Assert.Equal(HttpStatusCode.OK, (await _client.PredictAsync("trained", Row)).Status);
        JsonArray jobs = (await _client.GetJsonAsync("/api/v1/jobs?model=trained")).Body["jobs"]!.AsArray();
        Assert.Equal((string)job["id"]!, (string)Assert.Single(jobs)!["id"]!);
    }

    [Fact]
    public async Task A_deleted_model_is_gone_and_comes_back_with_the_next_number()
    {
        await _client.UploadAsync("deleted", OnnxModel.Linear());
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/deleted")).Status);

        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/deleted")).Status);
        Assert.Equal(2, (int)(await _client.UploadAsync("deleted", OnnxModel.Linear())).Body["version"]!["version"]!);
    }

    [Fact]
    public async Task A_deleted_model_and_a_deleted_version_are_restored()
    {
        await _client.UploadAsync("restored", OnnxModel.Linear());
        await _client.UploadAsync("restored", OnnxModel.Linear());
        await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/restored:2");
        await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/restored");
        Assert.Contains((await _client.GetJsonAsync("/api/v1/models?deleted=true")).Body["model_list"]!.AsArray(), name => (string)name! == "restored");

        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/restored/restore")).Status);
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/restored:2/restore")).Status);

        Assert.Equal(HttpStatusCode.OK, (await _client.PredictAsync("restored:2", Row)).Status);
        Assert.Equal(2, (int)(await _client.GetJsonAsync("/api/v1/models/restored")).Body["default_version"]!);
    }

    [Fact]
    public async Task Request_units_are_in_the_metrics()
    {
        await _client.UploadAsync("charged", OnnxModel.Linear());

        var text = await _client.GetStringAsync("/metrics");

        Assert.Matches("""(?m)^larder_cosmos_request_charge\w*_count\{collection="models",operation="create"\} [1-9]""", text);
    }
}
