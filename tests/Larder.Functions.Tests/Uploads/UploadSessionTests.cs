using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Uploads;

[Collection(nameof(SharedLarder))]
public sealed class UploadSessionTests(LarderFixture larder)
{
    private static readonly HttpClient Anonymous = new();

    [Fact]
    public async Task A_model_that_is_put_in_blocks_becomes_a_version_with_all_that_was_said()
    {
        var model = OnnxModel.MatMul();
        var upload = await BeginAsync("us-blocks", $$"""{"file_name": "big.onnx", "size_bytes": {{model.Length}}}""");
        Assert.Equal(("us-blocks", "big.onnx", 8388608), ((string?)upload["model"], (string?)upload["file_name"], (int)upload["block_size"]!));
        Assert.True(DateTimeOffset.Parse((string)upload["expires"]!) > DateTimeOffset.UtcNow.AddHours(5));
        await PutBlocksAsync((string)upload["url"]!, model.Chunk(300_000));
        var seen = (await larder.Client.GetJsonAsync($"/api/v1/models/us-blocks/uploads/{upload["id"]}")).Body["upload"]!;
        Assert.Equal(model.Length, (int)seen["committed_bytes"]!);

        var features = string.Join(',', Enumerable.Range(0, 512).Select(i => $"\"f{i}\""));
        var answer = await CompleteAsync(upload, $$$"""
            {"sha256": "{{{Sha256(model)}}}", "description": "In blocks", "model_description": "Big", "tags": {"team": "x"}, "aliases": ["champion"], "labels": ["p", "q"], "features": [{{{features}}}],
             "source": "notebook 3", "settings": {"batching": {"enabled": false} } }
            """);

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.Equal($"/api/v1/jobs/{answer.Body["job"]!["id"]}", answer.Headers.Location?.OriginalString);
        var job = await larder.Client.EndOfAsync((string)answer.Body["job"]!["id"]!, () => larder.Log);
        Assert.True(("upload", "succeeded") == ((string?)job["type"], (string?)job["state"]), job.ToString());
        var made = (await larder.Client.GetJsonAsync("/api/v1/models/us-blocks:champion")).Body;
        Assert.Equal(("Big", "In blocks", "notebook 3", "big.onnx"), (
            (string?)made["description"], (string?)made["version"]!["description"], (string?)made["version"]!["source"], (string?)made["version"]!["file_name"]));
        Assert.Equal(Sha256(model), (string?)made["version"]!["sha256"]);
        Assert.Equal(("f511", "q"), ((string)made["version"]!["features"]![511]!["name"]!, (string)made["version"]!["labels"]![1]!));
        var after = (await larder.Client.GetJsonAsync($"/api/v1/models/us-blocks/uploads/{upload["id"]}")).Body["upload"]!;
        Assert.Equal((null, (string?)job["id"]), ((string?)after["url"], (string?)after["job"]));
    }

    [Fact]
    public async Task An_archive_in_blocks_brings_a_model_with_its_data_and_what_completes_it_counts_more_than_what_it_says()
    {
        var (model, data) = OnnxModel.LinearWithData();
        var zip = new RawZip().Add("model.onnx", model).Add("model.onnx.data", data).Add("larder.yaml", "description: in it\nlabels: [a, b, c]").Add("todo.txt", "x").ToBytes();
        var upload = await BeginAsync("us-archive", """{"file_name": "torch.zip"}""");
        await PutBlocksAsync((string)upload["url"]!, [zip]);

        var answer = await CompleteAsync(upload, $$"""{"sha256": "{{Sha256(zip)}}", "description": "beside it", "alias": "best"}""");

        var job = await larder.Client.EndOfAsync((string)answer.Body["job"]!["id"]!, () => larder.Log);
        Assert.True((string?)job["state"] == "succeeded", job.ToString());
        Assert.Equal("Ignored: 'todo.txt'.", (string?)job["reason"]);
        var version = (await larder.Client.GetJsonAsync("/api/v1/models/us-archive:best")).Body["version"]!;
        Assert.Equal(("beside it", "model.onnx", 2, 3), ((string?)version["description"], (string?)version["file_name"], version["manifest"]!.AsArray().Count, version["labels"]!.AsArray().Count));
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.PredictAsync("us-archive", """{"values":[1,2,3,4]}""")).Status);
    }

    [Fact]
    public async Task Completing_twice_is_one_job_and_one_version()
    {
        var model = OnnxModel.Linear();
        var upload = await BeginAsync("us-twice");
        await PutBlocksAsync((string)upload["url"]!, [model]);
        var body = $$"""{"sha256": "{{Sha256(model)}}"}""";

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CompleteAsync(upload, body)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.Status));
        var id = Assert.Single(answers.Select(answer => (string)answer.Body["job"]!["id"]!).Distinct());
        Assert.Equal("succeeded", (string?)(await larder.Client.EndOfAsync(id))["state"]);
        Assert.Equal(id, (string?)(await CompleteAsync(upload, body.ToUpperInvariant().Replace("SHA256", "sha256"))).Body["job"]!["id"]);
        Assert.Equal(HttpStatusCode.Conflict, (await CompleteAsync(upload, $$"""{"sha256": "{{new string('0', 64)}}"}""")).Status);
        Assert.Single((await larder.Client.GetJsonAsync("/api/v1/models/us-twice")).Body["versions"]!.AsArray());
    }

    [Fact]
    public async Task A_wrong_hash_fails_the_job_with_a_sentence_and_the_right_one_is_another_try()
    {
        var model = OnnxModel.Linear();
        var upload = await BeginAsync("us-sha");
        await PutBlocksAsync((string)upload["url"]!, [model]);

        var wrong = await CompleteAsync(upload, $$"""{"sha256": "{{new string('a', 64)}}"}""");
        var failed = await larder.Client.EndOfAsync((string)wrong.Body["job"]!["id"]!);
        Assert.Equal("failed", (string?)failed["state"]);
        Assert.Contains($"has the SHA-256 {Sha256(model)}, and not aaaa", (string?)failed["reason"]);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/api/v1/models/us-sha")).Status);

        var right = await CompleteAsync(upload, $$"""{"sha256": "{{Sha256(model)}}"}""");
        Assert.NotEqual((string?)failed["id"], (string?)right.Body["job"]!["id"]);
        Assert.Equal("succeeded", (string?)(await larder.Client.EndOfAsync((string)right.Body["job"]!["id"]!))["state"]);
    }

    [Fact]
    public async Task A_size_that_was_not_kept_and_a_file_that_is_no_model_fail_the_job()
    {
        var upload = await BeginAsync("us-size", """{"size_bytes": 100}""");
        await PutBlocksAsync((string)upload["url"]!, ["only this"u8.ToArray()]);
        var answer = await CompleteAsync(upload, $$"""{"sha256": "{{Sha256("only this"u8.ToArray())}}"}""");
        var job = await larder.Client.EndOfAsync((string)answer.Body["job"]!["id"]!);
        Assert.Contains("9 bytes were uploaded, and 100 were announced", (string?)job["reason"]);

        var other = await BeginAsync("us-text");
        await PutBlocksAsync((string)other["url"]!, ["hello, world"u8.ToArray()]);
        answer = await CompleteAsync(other, $$"""{"sha256": "{{Sha256("hello, world"u8.ToArray())}}"}""");
        job = await larder.Client.EndOfAsync((string)answer.Body["job"]!["id"]!);
        Assert.Equal("failed", (string?)job["state"]);
        Assert.DoesNotContain("/tmp", (string)job["reason"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/api/v1/models/us-text")).Status);
    }

    [Fact]
    public async Task The_URL_can_write_its_blob_and_nothing_else()
    {
        var upload = await BeginAsync("us-url");
        var other = await BeginAsync("us-url");
        var url = new Uri((string)upload["url"]!);
        await PutBlocksAsync((string)upload["url"]!, ["secret"u8.ToArray()]);

        Assert.Equal(HttpStatusCode.Forbidden, (await Anonymous.GetAsync(url)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await Anonymous.DeleteAsync(url)).StatusCode);
        var elsewhere = new UriBuilder(url) { Path = url.AbsolutePath.Replace((string)upload["id"]!, (string)other["id"]!, StringComparison.Ordinal) }.Uri;
        Assert.Equal(HttpStatusCode.Forbidden, (await PutAsync(new Uri($"{elsewhere}&comp=block&blockid=MQ%3D%3D"), "x"u8.ToArray())).StatusCode);
        // A caller who adds a right breaks the signature.
        Assert.Contains("sp=cw&", url.AbsoluteUri);
        Assert.Equal(HttpStatusCode.Forbidden, (await Anonymous.GetAsync(url.AbsoluteUri.Replace("sp=cw&", "sp=rcw&", StringComparison.Ordinal))).StatusCode);
    }

    [Fact]
    public async Task An_abandoned_upload_is_gone_with_its_blob()
    {
        var upload = await BeginAsync("us-gone");
        await PutBlocksAsync((string)upload["url"]!, ["x"u8.ToArray()]);
        var path = $"/api/v1/models/us-gone/uploads/{upload["id"]}";
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync($"/api/v1/models/another/uploads/{upload["id"]}")).Status);

        Assert.Equal(HttpStatusCode.OK, (await larder.Client.SendJsonAsync(HttpMethod.Delete, path)).Status);

        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.SendJsonAsync(HttpMethod.Delete, path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await CompleteAsync(upload, $$"""{"sha256": "{{new string('0', 64)}}"}""")).Status);
    }

    [Theory]
    [InlineData("""{"file_name": "model.h5"}""", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("""{"size_bytes": 0}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"size_bytes": 99999999999999}""", HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("""{"sizebytes": 1}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"kind": "archive"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"kind": "dataset"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"kind": "dataset", "file_name": "x/.."}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"kind": "dataset", "file_name": "x.csv", "size_bytes": 99999999999999}""", HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("[]", HttpStatusCode.UnprocessableEntity)]
    public async Task What_cannot_be_begun_is_refused(string body, HttpStatusCode status)
    {
        var answer = await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/us-no/uploads", body);

        Assert.Equal((status, (int)status), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("{}", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"sha256": "abc"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"sha256": "0000000000000000000000000000000000000000000000000000000000000000", "allias": "x"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"sha256": "0000000000000000000000000000000000000000000000000000000000000000", "aliases": ["12"]}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"sha256": "0000000000000000000000000000000000000000000000000000000000000000", "settings": {"batching": {"max_rows": 0}}}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"sha256": "0000000000000000000000000000000000000000000000000000000000000000"}""", HttpStatusCode.Conflict)]
    public async Task What_cannot_complete_is_refused_at_once(string body, HttpStatusCode status)
    {
        var upload = await BeginAsync("us-incomplete");

        var answer = await CompleteAsync(upload, body);

        Assert.True((status, (int)status) == (answer.Status, answer.Code), answer.Body.ToString());
        Assert.Null((string?)(await larder.Client.GetJsonAsync($"/api/v1/models/us-incomplete/uploads/{upload["id"]}")).Body["upload"]!["job"]);
    }

    [Fact]
    public async Task A_name_that_is_none_is_refused() =>
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/-x/uploads")).Status);

    private static string Sha256(byte[] content) => UploadClient.Sha256(content);

    private static Task PutBlocksAsync(string url, IEnumerable<byte[]> blocks) => UploadClient.PutBlocksAsync(url, blocks);

    private static Task<HttpResponseMessage> PutAsync(Uri url, byte[] content) => UploadClient.PutAsync(url, content);

    private Task<JsonNode> BeginAsync(string model, string? body = null) => larder.Client.BeginUploadAsync(model, body);

    private Task<Answer> CompleteAsync(JsonNode upload, string body) => larder.Client.CompleteUploadAsync(upload, body);
}
