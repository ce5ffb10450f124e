using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Microsoft.AspNetCore.WebUtilities;

namespace Larder.Functions.Tests.MLflow;

/// <summary>MLflow's multipart uploads over HTTP: parts go to the storage account itself.</summary>
[Collection(nameof(SharedLarder))]
public sealed class MultipartApiTests(LarderFixture larder)
{
    private const string Api = "/api/2.0/mlflow-artifacts/";

    private static readonly HttpClient Anonymous = new();

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_file_goes_to_storage_in_parts()
    {
        var run = await _client.NewRunAsync();
        var bytes = new byte[12 * 100_000 + 7];
        new Random(3).NextBytes(bytes);
        var parts = bytes.Chunk(100_000).ToList();

        // The client sends the path that the file has on its disk; the pages' name of the route sends it on.
        var created = await _client.SendJsonAsync(
            HttpMethod.Post, $"/ajax-api/2.0/mlflow-artifacts/mpu/create/0/{run}/artifacts/model/data", $$"""{"path":"/tmp/somewhere/weights #1.bin","num_parts":{{parts.Count}}}""");
        Assert.True(created.Status == HttpStatusCode.OK, created.Body.ToJsonString());
        var targets = created.Body["credentials"]!.AsArray();
        Assert.Equal(Enumerable.Range(1, parts.Count), targets.Select(target => (int)target!["part_number"]!));
        Assert.All(targets, target => Assert.Equal("{}", target!["headers"]!.ToJsonString()));
        // In no order.
        await Task.WhenAll(targets.Reverse().Select(target => PutAsync(target!, parts[(int)target!["part_number"]! - 1])));
        Assert.Null((await _client.AskAsync($"artifacts/list?run_id={run}"))["files"]);

        var completion = CompletionOf(created.Body, "weights #1.bin");
        var completed = await _client.SendJsonAsync(HttpMethod.Post, $"{Api}mpu/complete/0/{run}/artifacts/model/data", completion);

        Assert.Equal((HttpStatusCode.OK, "{}"), (completed.Status, completed.Body.ToJsonString()));
        Assert.Equal(
            $$"""[{"path":"model/data/weights #1.bin","is_dir":false,"file_size":{{bytes.Length}}}]""",
            (await _client.AskAsync($"artifacts/list?run_id={run}&path=model/data"))["files"]!.ToJsonString());
        Assert.Equal(bytes, await _client.GetByteArrayAsync($"{Api}artifacts/0/{run}/artifacts/model/data/weights%20%231.bin"));

        // A client whose answer was lost sends it again, and what was logged since stays.
        using var content = new ByteArrayContent([1]);
        (await _client.PutAsync($"{Api}artifacts/0/{run}/artifacts/model/data/weights%20%231.bin", content)).Dispose();
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Post, $"{Api}mpu/complete/0/{run}/artifacts/model/data", completion)).Status);
        Assert.Equal([1], await _client.GetByteArrayAsync($"{Api}artifacts/0/{run}/artifacts/model/data/weights%20%231.bin"));
    }

    [Fact]
    public async Task An_aborted_upload_is_gone()
    {
        var run = await _client.NewRunAsync();
        var created = await CreateAsync(run, "a.bin", 1);
        await PutAsync(created["credentials"]![0]!, [1, 2, 3]);

        var abort = new JsonObject { ["path"] = "a.bin", ["upload_id"] = (string)created["upload_id"]! }.ToJsonString();
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Post, $"{Api}mpu/abort/0/{run}/artifacts", abort)).Status);

        foreach (var (call, body) in new[] { ("abort", abort), ("complete", CompletionOf(created, "a.bin")) })
        {
            var again = await _client.SendJsonAsync(HttpMethod.Post, $"{Api}mpu/{call}/0/{run}/artifacts", body);
            Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_DOES_NOT_EXIST"), (again.Status, (string?)again.Body["error_code"]));
        }
        Assert.Null((await _client.AskAsync($"artifacts/list?run_id={run}"))["files"]);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused()
    {
        var (run, other) = (await _client.NewRunAsync(), await _client.NewRunAsync());
        var created = await CreateAsync(run, "a.bin", 2);
        await PutAsync(created["credentials"]![0]!, [1]);
        var complete = CompletionOf(created, "a.bin");
        var session = (await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/mpu/uploads", "{}")).Body["upload"]!;

        await RefusedAsync($"complete/0/{run}/artifacts", complete, 400, "INVALID_PARAMETER_VALUE", $"A part of the upload {created["upload_id"]} is missing: put all 2 parts to their URLs, then complete it.");
        await RefusedAsync($"complete/0/{other}/artifacts", complete, 404, "RESOURCE_DOES_NOT_EXIST", $"There is no upload '{created["upload_id"]}' for this path: it was aborted, has expired, or never began.");
        await RefusedAsync($"complete/0/{run}/artifacts/b", complete, 404, "RESOURCE_DOES_NOT_EXIST", $"There is no upload '{created["upload_id"]}' for this path: it was aborted, has expired, or never began.");
        await RefusedAsync($"complete/0/{run}/artifacts", $$"""{"path":"a.bin","upload_id":"{{session["id"]}}","parts":[{"part_number":1}]}""", 404, "RESOURCE_DOES_NOT_EXIST", $"There is no upload '{session["id"]}' for this path: it was aborted, has expired, or never began.");
        await RefusedAsync($"abort/0/{run}/artifacts", """{"path":"a.bin","upload_id":"../x"}""", 404, "RESOURCE_DOES_NOT_EXIST", "There is no upload '../x' for this path: it was aborted, has expired, or never began.");
        await RefusedAsync($"complete/0/{run}/artifacts", """{"path":"a.bin","upload_id":"x","parts":[{"part_number":2},{"part_number":2}]}""", 400, "INVALID_PARAMETER_VALUE", "The parts must have the numbers 1 to 2, each once.");
        await RefusedAsync($"create/0/{run}/artifacts", """{"path":"a.bin","num_parts":10001}""", 400, "INVALID_PARAMETER_VALUE", "An upload has 1 to 10000 parts; this one has 10001.");
        await RefusedAsync($"create/0/{run}/artifacts", """{"path":"a.bin","num_parts":0}""", 400, "INVALID_PARAMETER_VALUE", "An upload has 1 to 10000 parts; this one has 0.");
        await RefusedAsync($"create/0/{run}/artifacts", """{"num_parts":1}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'path'. See the API docs for more information about request parameters.");
        Assert.Equal(400, (int)(await _client.SendJsonAsync(HttpMethod.Post, $"{Api}mpu/create/0/{run}/artifacts/a%252fb", """{"path":"x"}""")).Status);
        Assert.Equal(400, (int)(await _client.SendJsonAsync(HttpMethod.Post, $"{Api}mpu/create/0/{run}/artifacts", """{"path":".."}""")).Status);
        Assert.Equal(400, (int)(await _client.SendJsonAsync(HttpMethod.Post, $"{Api}mpu/create/0/{run}/artifacts", """{"path":"a/"}""")).Status);
        Assert.Null((await _client.AskAsync($"artifacts/list?run_id={run}"))["files"]);
    }

    [Theory]
    [InlineData("create", """{"path":1}""", "Invalid value 1 for parameter 'path' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters.")]
    [InlineData("create", """{"path":"a","num_parts":"many"}""", "Invalid value \"many\" for parameter 'num_parts' supplied:  Hint: Value was of type 'str'. See the API docs for more information about request parameters.")]
    [InlineData("create", """{"path":"a","num_parts":1.5}""", "Invalid value 1.5 for parameter 'num_parts' supplied:  Hint: Value was of type 'float'. See the API docs for more information about request parameters.")]
    [InlineData("create", "[]", "The request body must be a JSON object.")]
    [InlineData("complete", """{"path":"a","parts":[{"part_number":1}]}""", "Missing value for required parameter 'upload_id'. See the API docs for more information about request parameters.")]
    [InlineData("complete", """{"path":"a","upload_id":"x","parts":[]}""", "Missing value for required parameter 'parts'. See the API docs for more information about request parameters.")]
    [InlineData("complete", """{"path":"a","upload_id":"x","parts":{"a":1}}""", "Invalid value {\"a\":1} for parameter 'parts' supplied:  Hint: Value was of type 'dict'. See the API docs for more information about request parameters.")]
    [InlineData("complete", """{"path":"a","upload_id":"x","parts":[{"part_number":true}]}""", "Invalid value true for parameter 'parts[0].part_number' supplied:  Hint: Value was of type 'bool'. See the API docs for more information about request parameters.")]
    [InlineData("complete", """{"path":"a","upload_id":"x","parts":[{"etag":"x"}]}""", "Missing value for required parameter 'parts[0].part_number'. See the API docs for more information about request parameters.")]
    [InlineData("abort", """{"path":"a"}""", "Missing value for required parameter 'upload_id'. See the API docs for more information about request parameters.")]
    [InlineData("abort", """{"path":"a","upload_id":["x"]}""", "Invalid value [\"x\"] for parameter 'upload_id' supplied:  Hint: Value was of type 'list'. See the API docs for more information about request parameters.")]
    public async Task A_wrong_call_is_refused(string call, string json, string message) =>
        await RefusedAsync($"{call}/0/{await _client.NewRunAsync()}/artifacts", json, 400, "INVALID_PARAMETER_VALUE", message);

    [Fact]
    public async Task A_URL_of_a_part_writes_one_blob_for_a_time_and_nothing_else()
    {
        var created = await CreateAsync(await _client.NewRunAsync(), "a.bin", 2);
        var urls = created["credentials"]!.AsArray().Select(target => new Uri((string)target!["url"]!)).ToList();
        foreach (var url in urls)
        {
            var query = QueryHelpers.ParseQuery(url.Query);
            // Create and write, of a blob: not read, list or delete, and no container.
            Assert.Equal(("cw", "b"), ((string?)query["sp"], (string?)query["sr"]));
            Assert.InRange(DateTimeOffset.Parse((string)query["se"]!, CultureInfo.InvariantCulture), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow + TimeSpan.FromHours(6));
        }

        await PutAsync(created["credentials"]![0]!, [1]);
        foreach (var (method, url) in new[] { (HttpMethod.Get, urls[0]), (HttpMethod.Delete, urls[0]), (HttpMethod.Put, new Uri(urls[0].AbsoluteUri.Replace(urls[0].AbsolutePath, urls[0].AbsolutePath + "x", StringComparison.Ordinal))) })
        {
            using var request = new HttpRequestMessage(method, url) { Content = method == HttpMethod.Put ? new ByteArrayContent([1]) : null };
            request.Headers.Add("x-ms-blob-type", "BlockBlob");
            using var refused = await Anonymous.SendAsync(request);
            Assert.True(refused.StatusCode == HttpStatusCode.Forbidden, $"{method} {refused.StatusCode}");
        }
    }

    private static string CompletionOf(JsonNode created, string name) => new JsonObject
    {
        ["path"] = name,
        ["upload_id"] = (string)created["upload_id"]!,
        ["parts"] = new JsonArray([.. created["credentials"]!.AsArray().Select(target => new JsonObject { ["part_number"] = (int)target!["part_number"]!, ["etag"] = "", ["url"] = (string)target["url"]! })]),
    }.ToJsonString();

    private static async Task PutAsync(JsonNode target, byte[] part)
    {
        using var content = new ByteArrayContent(part);
        using var put = await Anonymous.PutAsync(new Uri((string)target["url"]!), content);
        Assert.True(put.StatusCode == HttpStatusCode.Created, await put.Content.ReadAsStringAsync());
    }

    private async Task<JsonNode> CreateAsync(string run, string name, int parts)
    {
        var created = await _client.SendJsonAsync(HttpMethod.Post, $"{Api}mpu/create/0/{run}/artifacts", $$"""{"path":"{{name}}","num_parts":{{parts}}}""");
        Assert.True(created.Status == HttpStatusCode.OK, created.Body.ToJsonString());
        return created.Body;
    }

    private async Task RefusedAsync(string call, string json, int status, string code, string message)
    {
        var answer = await _client.SendJsonAsync(HttpMethod.Post, $"{Api}mpu/{call}", json);
        Assert.Equal((status, code, message), ((int)answer.Status, (string?)answer.Body["error_code"], (string?)answer.Body["message"]));
    }
}
