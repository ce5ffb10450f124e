using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Http;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.MLflow;

/// <summary>MLflow's artifacts over HTTP.</summary>
[Collection(nameof(SharedLarder))]
public sealed class ArtifactApiTests(LarderFixture larder)
{
    private const string Api = "/api/2.0/mlflow-artifacts/artifacts";
    private const string Uploads = "/api/2.0/mlflow-artifacts/mpu";
    private const string MLflow = "/api/2.0/mlflow/";
    private const string None = "0123456789abcdef0123456789abcdef";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_folder_of_a_model_comes_back_byte_for_byte()
    {
        var run = await _client.NewRunAsync();
        var files = new Dictionary<string, byte[]>
        {
            ["model/MLmodel"] = "flavors:\n  onnx:\n    data: model.onnx\n"u8.ToArray(),
            ["model/model.onnx"] = OnnxModel.Linear(),
            ["model/conda.yaml"] = "name: mlflow-env\n"u8.ToArray(),
            ["model/code/with space & ünïcödé/50% #1?.txt"] = [0, 1, 255],
            ["model/empty"] = [],
            ["model/input_example.json"] = """{"columns":["a"]}"""u8.ToArray(),
        };
        foreach (var (path, bytes) in files)
            Assert.Equal((200, "{}"), await PutAsync(run, path, bytes));

        var downloaded = new Dictionary<string, byte[]>();
        await DownloadAsync("");
        Assert.Equal(files.Keys.Order(), downloaded.Keys.Order());
        Assert.All(files, file => Assert.Equal(file.Value, downloaded[file.Key]));

        var list = await _client.AskAsync($"artifacts/list?run_id={run}&path=model");
        Assert.Equal($"mlflow-artifacts:/0/{run}/artifacts", (string?)list["root_uri"]);
        Assert.Equal(
            """[{"path":"model/MLmodel","is_dir":false,"file_size":38},{"path":"model/code","is_dir":true},{"path":"model/conda.yaml","is_dir":false,"file_size":17},{"path":"model/empty","is_dir":false,"file_size":0},{"path":"model/input_example.json","is_dir":false,"file_size":17}]""",
            new JsonArray([.. list["files"]!.AsArray().Where(file => (string?)file!["path"] != "model/model.onnx").Select(file => file!.DeepClone())]).ToJsonString());
        Assert.Equal(list.ToJsonString(), (await _client.AskAsync($"artifacts/list?run_uuid={run}&path=model/")).ToJsonString());
        Assert.Equal("""[{"path":"model","is_dir":true}]""", (await _client.AskAsync($"artifacts/list?run_id={run}"))["files"]!.ToJsonString());
        foreach (var nothing in (string[])["model/MLmodel", "nothing"])
            Assert.Equal($$"""{"root_uri":"mlflow-artifacts:/0/{{run}}/artifacts"}""", (await _client.AskAsync($"artifacts/list?run_id={run}&path={nothing}")).ToJsonString());
        foreach (var name in (string[])["run_id", "run_uuid"])
            Assert.Equal(files["model/MLmodel"], await _client.GetByteArrayAsync($"/get-artifact?{name}={run}&path=model%2FMLmodel"));

        // As the client does: level by level, by the names that the proxy lists.
        async Task DownloadAsync(string folder)
        {
            var answer = await _client.GetJsonAsync($"{Api}?path={Uri.EscapeDataString($"0/{run}/artifacts{(folder.Length == 0 ? "" : "/" + folder)}")}");
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            foreach (var file in answer.Body["files"]!.AsArray())
            {
                var path = (folder.Length == 0 ? "" : folder + "/") + (string)file!["path"]!;
                if ((bool)file["is_dir"]!)
                    await DownloadAsync(path);
                else
                    downloaded[path] = await _client.GetByteArrayAsync(UriOf(run, path));
            }
        }
    }

    [Fact]
    public async Task A_big_file_goes_through_as_a_stream()
    {
        const int Size = 64 << 20;
        var run = await _client.NewRunAsync();
        var bytes = new byte[Size];
        new Random(15).NextBytes(bytes);
        using var request = new HttpRequestMessage(HttpMethod.Put, UriOf(run, "big/weights.bin")) { Content = new StreamContent(new MemoryStream(bytes)) };
        // Without a length, as a client sends what it does not know the size of.
        request.Headers.TransferEncodingChunked = true;

        using (var sent = await _client.SendAsync(request))
            Assert.Equal((HttpStatusCode.OK, "{}"), (sent.StatusCode, await sent.Content.ReadAsStringAsync()));

        using var response = await _client.GetAsync(UriOf(run, "big/weights.bin"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(Size, response.Content.Headers.ContentLength);
        await using var content = await response.Content.ReadAsStreamAsync();
        Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes)), Convert.ToHexString(await SHA256.HashDataAsync(content)));
    }

    [Fact]
    public async Task A_file_is_downloaded_in_parts_and_not_again()
    {
        var run = await _client.NewRunAsync();
        await PutAsync(run, "plots/a.png", "0123456789"u8.ToArray());
        var etag = $"\"{Convert.ToHexStringLower(SHA256.HashData("0123456789"u8))}\"";

        using var whole = await _client.GetAsync(UriOf(run, "plots/a.png"));
        Assert.Equal((HttpStatusCode.OK, etag, 10L, "image/png"), (whole.StatusCode, whole.Headers.ETag!.ToString(), whole.Content.Headers.ContentLength!.Value, whole.Content.Headers.ContentType!.ToString()));
        Assert.Equal(("attachment", "a.png"), (whole.Content.Headers.ContentDisposition!.DispositionType, whole.Content.Headers.ContentDisposition.FileNameStar));
        Assert.Equal("nosniff", whole.Headers.GetValues("X-Content-Type-Options").Single());

        using var part = await SendAsync(HttpMethod.Get, UriOf(run, "plots/a.png"), request => request.Headers.Range = new RangeHeaderValue(2, 4));
        Assert.Equal((HttpStatusCode.PartialContent, "234", "bytes 2-4/10"), (part.StatusCode, await part.Content.ReadAsStringAsync(), part.Content.Headers.ContentRange!.ToString()));
        using var outside = await SendAsync(HttpMethod.Get, UriOf(run, "plots/a.png"), request => request.Headers.Range = new RangeHeaderValue(10, 12));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, outside.StatusCode);
        using var known = await SendAsync(HttpMethod.Get, $"/get-artifact?run_id={run}&path=plots/a.png", request => request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(etag)));
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        using var head = await SendAsync(HttpMethod.Head, UriOf(run, "plots/a.png"));
        Assert.Equal((HttpStatusCode.OK, 10L), (head.StatusCode, head.Content.Headers.ContentLength!.Value));

        await PutAsync(run, "plots/a.png", "changed"u8.ToArray());
        Assert.Equal("changed", await _client.GetStringAsync(UriOf(run, "plots/a.png")));
    }

    [Fact]
    public async Task A_file_and_a_folder_are_deleted()
    {
        var run = await _client.NewRunAsync();
        foreach (var path in (string[])["a/b/c", "a/d", "e"])
            await PutAsync(run, path, [1]);

        Assert.Equal((200, "{}"), await DeleteAsync(run, "a/b"));
        Assert.Equal(["a/d"], await NamesAsync(run, "a"));
        Assert.Equal((200, "{}"), await DeleteAsync(run, "e"));
        var (status, body) = await DeleteAsync(run, "e");
        Assert.Equal((404, """{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No such artifact: 'e'"}"""), (status, body));
        Assert.Equal((200, "{}"), await DeleteAsync(run, ""));
        Assert.Empty(await NamesAsync(run, ""));
        Assert.Equal((200, "{}"), await DeleteAsync(run, ""));
        Assert.Equal(404, (int)(await _client.GetJsonAsync(UriOf(run, "a/d"))).Status);
    }

    [Fact]
    public async Task A_deleted_run_is_read_and_not_written_and_one_deleted_for_good_has_none()
    {
        var run = await _client.NewRunAsync();
        await PutAsync(run, "a", "x"u8.ToArray());
        await _client.PostAsync("runs/delete", $$"""{"run_id":"{{run}}"}""");

        Assert.Equal("x", await _client.GetStringAsync(UriOf(run, "a")));
        var refused = $$"""{"error_code":"INVALID_PARAMETER_VALUE","message":"The run {{run}} must be in the 'active' state. Current state is deleted."}""";
        Assert.Equal((400, refused), await PutAsync(run, "b", [1]));
        Assert.Equal((400, refused), await DeleteAsync(run, "a"));

        await _client.PostAsync("runs/purge", $$"""{"run_id":"{{run}}"}""");
        var gone = $$"""{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Run with id={{run}} not found"}""";
        foreach (var path in (string[])[UriOf(run, "a"), $"{Api}?path=0/{run}/artifacts", $"/get-artifact?run_id={run}&path=a", $"/api/2.0/mlflow/artifacts/list?run_id={run}"])
        {
            var answer = await _client.GetJsonAsync(path);
            Assert.Equal((404, gone), ((int)answer.Status, answer.Body.ToJsonString()));
        }
        Assert.Equal((404, gone), await PutAsync(run, "b", [1]));
        Assert.Equal((404, gone), await DeleteAsync(run, "a"));
    }

    [Fact]
    public async Task A_file_where_a_folder_is_and_a_path_without_a_run_are_refused()
    {
        var (run, other) = (await _client.NewRunAsync(), await _client.NewExperimentAsync());
        await PutAsync(run, "a/b", [1]);

        foreach (var path in (string[])["a", "a/b/c", ""])
        {
            var (status, body) = await PutAsync(run, path, [1]);
            Assert.Equal((400, "INVALID_PARAMETER_VALUE"), (status, (string?)JsonNode.Parse(body)!["error_code"]));
        }
        foreach (var path in (string[])["a.txt", "0/a.txt", $"0/{run}/a.txt", $"{other}/{run}/artifacts/a.txt", $"x/0/{run}/artifacts/a", $"0/{None}/artifacts/a", $"0/{run.ToUpperInvariant()}/artifacts/a"])
        {
            using var content = new ByteArrayContent([1]);
            using var put = await _client.PutAsync($"{Api}/{path}", content);
            Assert.Equal((404, "RESOURCE_DOES_NOT_EXIST"), ((int)put.StatusCode, (string?)JsonNode.Parse(await put.Content.ReadAsStringAsync())!["error_code"]));
            Assert.Equal(404, (int)(await _client.GetJsonAsync($"{Api}/{path}")).Status);
            Assert.Equal(404, (int)(await _client.GetJsonAsync($"{Api}?path={path}")).Status);
        }
        foreach (var wrong in (string[])
        [
            "/get-artifact?path=a", $"/get-artifact?run_id={run}", "/api/2.0/mlflow/artifacts/list?path=a", $"/api/2.0/mlflow/artifacts/list?run_id={run}&page_token=wrong",
            "/api/2.0/mlflow/artifacts/list?run_id=..%2f", "/get-artifact?run_id=..%2f&path=a",
        ])
        {
            var answer = await _client.GetJsonAsync(wrong);
            Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{wrong}: {answer.Status}");
            Assert.Equal("INVALID_PARAMETER_VALUE", (string?)answer.Body["error_code"]);
        }
        Assert.Equal(["a/b"], await NamesAsync(run, "a"));
    }

    [Fact]
    public async Task An_experiment_may_have_its_artifacts_below_another_path()
    {
        var experiment = (string)(await _client.PostAsync("experiments/create", $$"""{"name":"{{Guid.NewGuid()}}","artifact_location":"mlflow-artifacts:/team/a"}"""))["experiment_id"]!;
        var run = await _client.NewRunAsync(experiment);
        using var content = new ByteArrayContent([7]);

        using var put = await _client.PutAsync($"{Api}/team/a/{run}/artifacts/x/y", content);

        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal([7], await _client.GetByteArrayAsync($"{Api}/team/a/{run}/artifacts/x/y"));
        Assert.Equal(["x/y"], await NamesAsync(run, "x"));
        Assert.Equal(404, (int)(await _client.GetJsonAsync($"{Api}/{experiment}/{run}/artifacts/x/y")).Status);
    }

    // Path tricks of MLflow's CVEs: 2023-1177, -2356, -2780, -6909, 2024-1558, -1593, -3848, and of #7166 and #10624.
    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..%2f..%2fetc/passwd")]
    [InlineData("%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("%252e%252e/x")]
    [InlineData("%25252e%25252e/x")]
    [InlineData("a/../../x")]
    [InlineData("a/%2e%2e%2f%2e%2e/x")]
    [InlineData("..\\..\\x")]
    [InlineData("..%5c..%5cx")]
    [InlineData("a%5c..%5cx")]
    [InlineData("%2fetc%2fpasswd")]
    [InlineData("%252fetc%252fpasswd")]
    [InlineData("//etc/passwd")]
    [InlineData("a//b")]
    [InlineData("C:%5cwindows")]
    [InlineData("a%00.txt")]
    [InlineData("a%2500.txt")]
    [InlineData("a%0d%0aSet-Cookie:x")]
    [InlineData("a%7f")]
    [InlineData("file:%2f%2f%2fetc%2fpasswd")]
    [InlineData("file://a%23/..//tmp/")]
    [InlineData("http://host%23/abc/etc/")]
    [InlineData("a/.;x/../b")]
    public async Task A_path_that_could_mean_another_is_refused_on_every_route(string path)
    {
        var run = await _client.NewRunAsync();
        await PutAsync(run, "kept", [1]);
        if ((await _client.GetJsonAsync("/api/v1/models/attacked:1")).Status != HttpStatusCode.OK)
            await _client.UploadAsync("attacked", OnnxModel.Linear());
        var server = _client.BaseAddress!;
        var root = $"0/{run}/artifacts";
        const string Version = "models/attacked/1";
        (string Method, string Target, object? Body)[] calls =
        [
            ("PUT", $"{Api}/{root}/{path}", "x"), ("GET", $"{Api}/{root}/{path}", null), ("DELETE", $"{Api}/{root}/{path}", null),
            ("GET", $"{Api}?path={root}/{path}", null), ("GET", $"/get-artifact?run_id={run}&path={path}", null), ("GET", $"{MLflow}artifacts/list?run_id={run}&path={path}", null),
            // Those of versions.
            ("GET", $"{Api}/{Version}/{path}", null), ("GET", $"{Api}?path={Version}/{path}", null), ("PUT", $"{Api}/{Version}/{path}", "x"), ("DELETE", $"{Api}/{Version}/{path}", null),
            ("GET", $"/model-versions/get-artifact?name=attacked&version=1&path={path}", null), ("GET", $"/model-versions/get-artifact?name={path}&version=1&path=MLmodel", null),
            ("GET", $"/model-versions/get-artifact?name=attacked&version={path}&path=MLmodel", null),
            // Uploads in parts.
            ("POST", $"{Uploads}/create/{root}/{path}", new { path = "x" }), ("POST", $"{Uploads}/complete/{root}/{path}", new { path = "x", upload_id = "x", parts = new[] { new { part_number = 1 } } }),
            ("POST", $"{Uploads}/abort/{root}/{path}", new { path = "x", upload_id = "x" }),
            // Sources of versions, and names.
            ("POST", $"{MLflow}model-versions/create", new { name = "attacked", source = $"runs:/{run}/{path}" }),
            ("POST", $"{MLflow}model-versions/create", new { name = "attacked", source = $"mlflow-artifacts:/{root}/{path}" }),
            ("POST", $"{MLflow}model-versions/create", new { name = "attacked", source = $"models:/{path}" }),
            ("POST", $"{MLflow}model-versions/create", new { name = "attacked", source = path }),
            ("POST", $"{MLflow}registered-models/create", new { name = path }),
            ("POST", $"{MLflow}registered-models/alias", new { name = "attacked", alias = path, version = "1" }),
            ("POST", $"{MLflow}registered-models/alias", new { name = "attacked", alias = Uri.UnescapeDataString(path), version = "1" }),
            ("GET", $"{MLflow}registered-models/get?name={path}", null), ("GET", $"{MLflow}registered-models/alias?name=attacked&alias={path}", null),
        ];
        foreach (var (method, target, body) in calls)
        {
            (string, byte[])[] headers = body is string or null ? [] : [("Content-Type", "application/json"u8.ToArray())];
            // As it is: the client of the tests would resolve dots.
            var reply = await RawHttp.SendAsync(server, method, Encoding.ASCII.GetBytes(target), headers, body switch { null => null, string text => Encoding.ASCII.GetBytes(text), _ => JsonSerializer.SerializeToUtf8Bytes(body) });

            Assert.True(reply.Status == 400, $"{method} {target} {JsonSerializer.Serialize(body)}: {reply.Status} {reply.Json?.ToJsonString()}");
            // A NUL in the path of a URL is refused by the web server itself.
            if (!target.Split('?')[0].Contains("%00", StringComparison.Ordinal))
                Assert.Contains((string?)reply.Json!["error_code"], new[] { "INVALID_PARAMETER_VALUE", "BAD_REQUEST" });
        }
        Assert.Equal(["kept"], await NamesAsync(run, ""));
    }

    [Fact]
    public async Task The_routes_of_the_pages_log_load_and_delete()
    {
        var run = await _client.NewRunAsync();
        var path = $"/ajax-api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/a%20b";
        using var content = new ByteArrayContent([1, 2]);

        using var put = await _client.PutAsync(path, content);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal([1, 2], await _client.GetByteArrayAsync(path));
        Assert.Equal([1, 2], await _client.GetByteArrayAsync(UriOf(run, "a b")));
        using var deleted = await _client.DeleteAsync(path);
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Empty(await NamesAsync(run, ""));
    }

    private static string UriOf(string run, string path) =>
        string.Join('/', [Api, "0", run, "artifacts", .. path.Length == 0 ? [] : path.Split('/').Select(Uri.EscapeDataString)]);

    private async Task<(int Status, string Body)> PutAsync(string run, string path, byte[] bytes)
    {
        using var response = await SendAsync(HttpMethod.Put, UriOf(run, path), request => request.Content = new ByteArrayContent(bytes));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<(int Status, string Body)> DeleteAsync(string run, string path)
    {
        using var response = await SendAsync(HttpMethod.Delete, UriOf(run, path));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path);
        change?.Invoke(request);
        return await _client.SendAsync(request);
    }

    private async Task<List<string>> NamesAsync(string run, string folder) =>
        [.. (await _client.AskAsync($"artifacts/list?run_id={run}&path={folder}"))["files"]?.AsArray().Select(file => (string)file!["path"]!) ?? []];
}
