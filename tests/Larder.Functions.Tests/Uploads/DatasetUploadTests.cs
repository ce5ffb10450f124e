using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Scoring;
using Larder.Functions.Tests.Training;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Uploads;

[Collection(nameof(SharedSmallBodies))]
public sealed class DatasetUploadTests(SmallBodiesFixture larder)
{
    /// <summary>Writes down which data set it was given.</summary>
    private const string Tell = """
        import hashlib, json, os
        dataset = os.environ["LARDER_DATASET"]
        told = {"name": os.path.basename(dataset), "sha256": hashlib.sha256(open(dataset, "rb").read()).hexdigest(), "environment": sorted(os.environ)}
        json.dump(told, open(os.path.join(os.environ["LARDER_OUTPUT_DIR"], "told.json"), "w"))
        """;

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_data_set_that_no_request_could_carry_is_scored_and_trained_on()
    {
        await _client.UploadAsync("ds-big", OnnxModel.Linear());
        var rows = ScoringClient.Rows(150_000);
        Assert.True(rows.Length > 3_000_000);
        await AssertRefusedAsync(() => _client.ScoreAsync("ds-big", rows, "rows.csv"));
        await AssertRefusedAsync(() => _client.TrainAsync("ds-big", Tell, rows));

        var address = await _client.AddDatasetAsync("ds-big", "rows.csv", rows);

        var shown = (await _client.GetJsonAsync("/api/v1/datasets/ds-big/rows.csv")).Body["dataset"]!;
        Assert.Equal((address, rows.Length, UploadClient.Sha256(rows), "local"), ((string?)shown["dataset"], (int)shown["size_bytes"]!, (string?)shown["sha256"], (string?)shown["owner"]));
        using var download = await _client.GetAsync("/api/v1/datasets/ds-big/rows.csv/download");
        Assert.Equal(rows, await download.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{UploadClient.Sha256(rows)}\"", download.Headers.ETag!.Tag);
        using var part = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/api/v1/datasets/ds-big/rows.csv/download") { Headers = { Range = new(0, 3) } });
        Assert.Equal((HttpStatusCode.PartialContent, "id,a"), (part.StatusCode, await part.Content.ReadAsStringAsync()));
        using var same = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/api/v1/datasets/ds-big/rows.csv/download") { Headers = { IfNoneMatch = { download.Headers.ETag } } });
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        var scored = await ScoreAsync("ds-big", address);
        var result = await _client.LinesOfAsync(scored);
        Assert.Equal(150_001, result.Length);
        Assert.StartsWith("r149999,", result[^1], StringComparison.Ordinal);
        var told = await TellAsync(await TrainJsonAsync("ds-big", address));
        Assert.Equal(("rows.csv", UploadClient.Sha256(rows)), ((string?)told["name"], (string?)told["sha256"]));
    }

    [Fact]
    public async Task Jobs_keep_the_data_set_that_they_were_accepted_with_whatever_becomes_of_its_name()
    {
        await _client.UploadAsync("ds-pinned", OnnxModel.Linear());
        var (first, second) = (ScoringClient.Rows(10, seed: 1), ScoringClient.Rows(20, seed: 2));
        var address = await _client.AddDatasetAsync("ds-pinned", "rows.csv", first);
        var old = await ScoreAsync("ds-pinned", address, key: "k");
        await _client.AddDatasetAsync("ds-pinned", "rows.csv", second);
        var renewed = await ScoreAsync("ds-pinned", address);

        Assert.Equal((UploadClient.Sha256(first), 10), (Sha256Of(old), (int)old["metrics"]!["rows"]!));
        Assert.Equal((UploadClient.Sha256(second), 20), (Sha256Of(renewed), (int)renewed["metrics"]!["rows"]!));
        // The same request under the same key is the same job, although the name stands for something else by now.
        Assert.Equal((string?)old["id"], (string?)(await ScoreAsync("ds-pinned", address, key: "k"))["id"]);

        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/datasets/ds-pinned/rows.csv")).Status);
        Assert.Equal(404, (await _client.GetJsonAsync("/api/v1/datasets/ds-pinned/rows.csv")).Code);
        Assert.Equal(404, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/datasets/ds-pinned/rows.csv")).Code);
        var gone = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/ds-pinned/scoring", $$"""{"dataset": "{{address}}"}""");
        Assert.Equal((404, "There is no data set 'datasets/ds-pinned/rows.csv'."), (gone.Code, gone.Description));
        var again = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{old["id"]}/retry");
        var retried = await _client.EndOfAsync((string)again.Body["job"]!["id"]!);
        Assert.Equal(("succeeded", UploadClient.Sha256(first)), ((string?)retried["state"], Sha256Of(retried)));
    }

    [Fact]
    public async Task A_wrong_hash_fails_the_job_and_the_right_one_is_another_try()
    {
        var rows = ScoringClient.Rows(3);
        var upload = await _client.BeginUploadAsync("ds-sha", $$"""{"kind": "dataset", "file_name": "rows.csv", "size_bytes": {{rows.Length}}}""");
        Assert.Equal(409, (await _client.CompleteUploadAsync(upload, $$"""{"sha256": "{{new string('a', 64)}}"}""")).Code);
        await UploadClient.PutBlocksAsync((string)upload["url"]!, [rows]);
        foreach (var body in new[] { "{}", """{"sha256": "abc"}""", $$"""{"sha256": "{{new string('a', 64)}}", "tags": {"a": "b"} }""" })
            Assert.Equal(422, (await _client.CompleteUploadAsync(upload, body)).Code);

        var wrong = await _client.CompleteUploadAsync(upload, $$"""{"sha256": "{{new string('a', 64)}}"}""");
        var failed = await _client.EndOfAsync((string)wrong.Body["job"]!["id"]!);
        Assert.Equal("failed", (string?)failed["state"]);
        Assert.Contains($"has the SHA-256 {UploadClient.Sha256(rows)}, and not aaaa", (string?)failed["reason"]);
        Assert.Equal(404, (await _client.GetJsonAsync("/api/v1/datasets/ds-sha/rows.csv")).Code);

        // A caller who knows the hash of what another caller has uploaded does not get its bytes.
        await _client.AddDatasetAsync("ds-sha", "secret.csv", "secret"u8.ToArray());
        var other = await _client.CompleteUploadAsync(upload, $$"""{"sha256": "{{UploadClient.Sha256("secret"u8.ToArray())}}"}""");
        Assert.Equal("failed", (string?)(await _client.EndOfAsync((string)other.Body["job"]!["id"]!))["state"]);

        var right = await _client.CompleteUploadAsync(upload, $$"""{"sha256": "{{UploadClient.Sha256(rows)}}"}""");
        var job = await _client.EndOfAsync((string)right.Body["job"]!["id"]!);
        Assert.Equal(("succeeded", "It is datasets/ds-sha/rows.csv."), ((string?)job["state"], (string?)job["reason"]));
        Assert.Equal((string?)job["id"], (string?)(await _client.CompleteUploadAsync(upload, $$"""{"sha256": "{{UploadClient.Sha256(rows)}}"}""")).Body["job"]!["id"]);
        var after = (await _client.GetJsonAsync($"/api/v1/models/ds-sha/uploads/{upload["id"]}")).Body["upload"]!;
        Assert.Equal((null, (string?)job["id"]), ((string?)after["url"], (string?)after["job"]));
    }

    [Fact]
    public async Task An_abandoned_data_set_is_gone()
    {
        var upload = await _client.BeginUploadAsync("ds-gone", """{"kind": "dataset", "file_name": "rows.csv"}""");
        await UploadClient.PutBlocksAsync((string)upload["url"]!, ["x"u8.ToArray()]);

        Assert.Equal(200, (await _client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/models/ds-gone/uploads/{upload["id"]}")).Code);

        Assert.Equal(404, (await _client.CompleteUploadAsync(upload, $$"""{"sha256": "{{new string('a', 64)}}"}""")).Code);
        Assert.Equal(404, (await _client.GetJsonAsync("/api/v1/datasets/ds-gone/rows.csv")).Code);
    }

    [Fact]
    public async Task Data_sets_that_are_called_as_models_are_no_drops_and_lists_have_them_all()
    {
        foreach (var name in new[] { "a.onnx", "b.zip", "Grüße 花.csv" })
            await _client.AddDatasetAsync("ds-names", name, Encoding.UTF8.GetBytes(name));
        // A drop that comes later has been seen: so would these have been.
        await larder.Uploads.GetBlobClient("ds-drop/m.onnx").UploadAsync(BinaryData.FromBytes(OnnxModel.Linear()));
        await Eventually.TrueAsync(async () => (int)(await _client.GetJsonAsync("/api/v1/jobs?type=ingest&model=ds-drop&state=succeeded")).Body["total"]! == 1);

        Assert.Equal(0, (int)(await _client.GetJsonAsync("/api/v1/jobs?type=ingest&model=ds-names")).Body["total"]!);
        var names = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await _client.GetJsonAsync($"/api/v1/datasets?model=ds-names&limit=2&cursor={cursor}");
            names.AddRange(page.Body["datasets"]!.AsArray().Select(one => (string)one!["file_name"]!));
            cursor = (string?)page.Body["next_cursor"];
        }

        Assert.Equal(["Grüße 花.csv", "a.onnx", "b.zip"], names);
        Assert.Contains("datasets/ds-names/a.onnx", (await _client.GetJsonAsync("/api/v1/datasets")).Body["datasets"]!.AsArray().Select(one => (string?)one!["dataset"]));
        Assert.Equal(200, (await _client.GetJsonAsync($"/api/v1/datasets/ds-names/{Uri.EscapeDataString("Grüße 花.csv")}")).Code);
        foreach (var query in new[] { "model=no/model", "limit=0", "cursor=nonsense", "name=x" })
            Assert.Equal(422, (await _client.GetJsonAsync($"/api/v1/datasets?{query}")).Code);
    }

    [Fact]
    public async Task A_training_takes_a_file_of_the_uploads_as_it_is_when_it_is_accepted()
    {
        var dataset = "a,b\n1,2\n"u8.ToArray();
        await larder.Uploads.GetBlobClient("sets/train.csv").UploadAsync(BinaryData.FromBytes(dataset), overwrite: true);

        var job = await TrainJsonAsync("ds-uploads", "uploads/sets/train.csv", """, "requirements": "", "options": {"environment": {"MODE": "x"}}""");
        var told = await TellAsync(job);

        Assert.Equal(("train.csv", UploadClient.Sha256(dataset)), ((string?)told["name"], (string?)told["sha256"]));
        Assert.Matches("^uploads/sets/train.csv@0x[0-9A-F]+$", (string)job["source"]!);
        Assert.Contains("MODE", told["environment"]!.AsArray().Select(name => (string?)name));
        Assert.Equal("local", (string?)job["owner"]);

        // What is there now is another file: run again, the job has the one that it was accepted with.
        await larder.Uploads.GetBlobClient("sets/train.csv").UploadAsync(BinaryData.FromString("other"), overwrite: true);
        var again = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{job["id"]}/retry");
        Assert.Equal(UploadClient.Sha256(dataset), (string?)(await TellAsync(await _client.EndOfAsync((string)again.Body["job"]!["id"]!)))["sha256"]);
    }

    [Fact]
    public async Task A_form_may_name_the_data_set()
    {
        var address = await _client.AddDatasetAsync("ds-form", "rows.csv", ScoringClient.Rows(4));
        using var form = new MultipartFormDataContent
        {
            { new StringContent(Tell), "script", "train.py" },
            { new StringContent(address), "dataset" },
        };
        var trained = await _client.PostAsync("/api/v1/train/ds-form", form).ReadAnswerAsync();
        Assert.True(trained.Code == 202, trained.Description);
        Assert.Equal("rows.csv", (string?)(await TellAsync(await _client.EndOfAsync((string)trained.Body["job"]!["id"]!)))["name"]);

        await _client.UploadAsync("ds-form", OnnxModel.Linear());
        using var scoring = new MultipartFormDataContent { { new StringContent(address), "dataset" }, { new StringContent("""{"keep": ["id"], "by_position": true}"""), "options" } };
        var scored = await _client.PostAsync("/api/v1/models/ds-form/scoring", scoring).ReadAnswerAsync();
        Assert.True(scored.Code == 202, scored.Description);
        Assert.Equal(4, (int)(await _client.EndOfAsync((string)scored.Body["job"]!["id"]!))["metrics"]!["rows"]!);
    }

    [Theory]
    [InlineData("uploads/none.csv", 404)]
    [InlineData("datasets/ds-no/none.csv", 404)]
    [InlineData("uploads/empty.csv", 422)]
    [InlineData("uploads/../scoring/a.csv", 422)]
    [InlineData("datasets/none.csv", 422)]
    [InlineData("https://example.com/a.csv", 422)]
    [InlineData("http://169.254.169.254/latest", 422)]
    [InlineData("/etc/passwd", 422)]
    [InlineData("", 422)]
    public async Task A_data_set_that_cannot_be_had_is_refused_and_makes_no_job(string address, int code)
    {
        await larder.Uploads.GetBlobClient("empty.csv").UploadAsync(BinaryData.Empty, overwrite: true);

        var json = await _client.SendJsonAsync(
            HttpMethod.Post, "/api/v1/train/ds-no", new JsonObject { ["script"] = Tell, ["dataset"] = address }.ToJsonString());
        using var form = new MultipartFormDataContent { { new StringContent(Tell), "script", "train.py" }, { new StringContent(address), "dataset" } };
        var posted = await _client.PostAsync("/api/v1/train/ds-no", form).ReadAnswerAsync();

        Assert.Equal((code, code), (json.Code, posted.Code));
        Assert.DoesNotContain("Larder.", json.Description);
        Assert.Equal(0, (int)(await _client.GetJsonAsync("/api/v1/jobs?model=ds-no")).Body["total"]!);
    }

    [Theory]
    [InlineData("""{"dataset": "uploads/a.csv"}""")]
    [InlineData("""{"script": "print(1)"}""")]
    [InlineData("""{"script": "", "dataset": "uploads/a.csv"}""")]
    [InlineData("""{"script": "x", "dataset": "uploads/a.csv", "options": {"epochs": 1}}""")]
    [InlineData("""{"script": "x", "dataset": "uploads/a.csv", "file": 1}""")]
    public async Task A_training_that_is_told_wrongly_is_422(string body) =>
        Assert.Equal(422, (await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/train/ds-no", body)).Code);

    private static string? Sha256Of(JsonNode job) => (string?)job["inputs"]!.AsArray().Single(input => (string?)input!["name"] == "dataset")!["sha256"];

    private static async Task AssertRefusedAsync(Func<Task<Answer>> send)
    {
        try
        {
            Assert.Equal(413, (await send()).Code);
        }
        catch (HttpRequestException)
        {
            // The server may close the connection while the body is still being sent.
        }
    }

    private async Task<JsonNode> ScoreAsync(string reference, string address, string? key = null)
    {
        (string, string)[] headers = key is null ? [] : [("Idempotency-Key", key)];
        var answer = await _client.SendJsonAsync(
            HttpMethod.Post, $"/api/v1/models/{reference}/scoring", $$$"""{"dataset": "{{{address}}}", "options": {"keep": ["id"], "by_position": true}}""", headers);
        Assert.True(answer.Code == 202, answer.Description);
        return await _client.EndOfAsync((string)answer.Body["job"]!["id"]!, () => larder.Log);
    }

    private async Task<JsonNode> TrainJsonAsync(string model, string address, string more = "")
    {
        var script = System.Text.Json.JsonSerializer.Serialize(Tell);
        var answer = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/train/{model}", $$"""{"script": {{script}}, "dataset": "{{address}}"{{more}}}""");
        Assert.True(answer.Code == 202, answer.Description);
        return await _client.EndOfAsync((string)answer.Body["job"]!["id"]!, () => larder.Log);
    }

    private async Task<JsonNode> TellAsync(JsonNode job)
    {
        Assert.True(((string?)job["reason"])?.StartsWith("The training left no model", StringComparison.Ordinal), job.ToString());
        return JsonNode.Parse(await _client.GetStringAsync($"/api/v1/jobs/{job["id"]}/outputs/told.json"))!;
    }
}
