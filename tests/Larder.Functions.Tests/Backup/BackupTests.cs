using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Schedules;
using Larder.Functions.Tests.Training;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Backup;

public sealed class BackupTests(LarderFixture larder) : IClassFixture<LarderFixture>
{
    private const string Row = """{"values":[1,2,3,4]}""";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_registry_moves_from_blobs_to_Cosmos_DB_and_predicts_as_before_byte_for_byte()
    {
        await using var from = await LarderProcess.StartAsync(await Azurite.AccountAsync());
        await using var server = await CosmosServer.StartAsync();
        await using var to = await LarderProcess.StartAsync(await Azurite.AccountAsync(), server.Settings(server.NewDatabase()));
        string[] references = ["moved", "moved:champion", "moved:1", "other"];
        await from.Client.UploadAsync("moved", OnnxModel.Linear(classes: 2), "b\u00f6rek.onnx", ("model_description", "Kn\u00e4ckebrot \ud83c\udf5e"));
        await from.Client.UploadAsync("moved", OnnxModel.Linear(classes: 3));
        await from.Client.UploadAsync("moved", OnnxModel.Linear(classes: 4));
        await from.Client.UploadAsync("other", OnnxModel.Linear(classes: 3));
        await from.Client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/moved/aliases/champion", """{"version":2}""");
        await from.Client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/moved:3");

        var archive = await from.Client.ExportAsync();
        var job = await to.Client.ImportToEndAsync(archive, log: () => to.Log);

        Assert.True((string)job["state"]! == "succeeded", $"{job}\n{to.Log}");
        Assert.Equal(2, (int)job["metrics"]!["models_created"]!);
        Assert.Equal("local", (string?)job["owner"]);
        foreach (var reference in references)
        {
            var (before, after) = (await from.Client.PredictAsync(reference, Row), await to.Client.PredictAsync(reference, Row));
            Assert.Equal(HttpStatusCode.OK, after.Status);
            Assert.NotEmpty(after.Body["values"]!.AsArray());
            Assert.Equal(before.Body.ToJsonString(), after.Body.ToJsonString());
        }

        Assert.Equal(HttpStatusCode.NotFound, (await to.Client.GetJsonAsync("/api/v1/models/moved:3")).Status);
        Assert.Equal(archive, await to.Client.ExportAsync());
        var report = JsonNode.Parse(await to.Client.GetStringAsync($"/api/v1/jobs/{job["id"]}/outputs/report.json"))!;
        Assert.Equal(["moved", "other"], report["models"]!.AsArray().Select(model => (string)model!["name"]!));
        Assert.Equal(4, (int)(await to.Client.UploadAsync("moved", OnnxModel.Linear(classes: 5))).Body["version"]!["version"]!);
    }

    [Fact]
    public async Task An_export_is_an_output_of_its_job_with_its_hash_and_can_be_read_in_ranges()
    {
        await _client.UploadAsync("ranged", OnnxModel.Linear());

        var job = await _client.ExportToEndAsync("""{"models":["ran*"]}""");

        var archive = await _client.ArchiveOfAsync(job);
        var output = Assert.Single(job["outputs"]!.AsArray())!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(archive)), (string?)output["sha256"]);
        Assert.Equal(archive.Length, (int)output["size_bytes"]!);
        Assert.Equal(1, (int)job["metrics"]!["models"]!);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{job["id"]}/outputs/larder-export.zip") { Headers = { Range = new RangeHeaderValue(100, 199) } };
        using var part = await _client.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(archive[100..200], await part.Content.ReadAsByteArrayAsync());
        Assert.All(job["steps"]!.AsArray(), step => Assert.NotNull(step!["finished"]));
    }

    [Fact]
    public async Task What_is_here_already_is_unchanged_whether_it_comes_from_a_job_or_from_storage()
    {
        await _client.UploadAsync("again", OnnxModel.Linear());
        var export = await _client.ExportToEndAsync("""{"models":["again"]}""");
        var container = new BlobContainerClient(larder.Storage, "uploads");
        await container.CreateIfNotExistsAsync();
        await container.GetBlobClient("backup.zip").UploadAsync(BinaryData.FromBytes(await _client.ArchiveOfAsync(export)));

        foreach (var source in new[] { (string)export["id"]!, "uploads/backup.zip" })
        {
            var job = await _client.ImportSourceToEndAsync(source);
            Assert.True((string)job["state"]! == "succeeded", job.ToString());
            Assert.Equal((1, 0), ((int)job["metrics"]!["models_unchanged"]!, (int)job["metrics"]!["models_created"]!));
        }

        await _client.UploadAsync("again", OnnxModel.Linear(classes: 5));
        var refused = await _client.ImportSourceToEndAsync((string)export["id"]!);
        var skipped = await _client.ImportSourceToEndAsync((string)export["id"]!, """{"on_conflict":"skip"}""");
        Assert.Equal("failed", (string?)refused["state"]);
        Assert.Contains("again: it exists here with other content", (string)refused["reason"]!);
        Assert.Equal(1, (int)skipped["metrics"]!["models_skipped"]!);
    }

    [Fact]
    public async Task A_deleted_model_comes_back_from_a_backup()
    {
        await _client.UploadAsync("lost", OnnxModel.Linear(classes: 3));
        var before = await _client.PredictAsync("lost", Row);
        var export = await _client.ExportToEndAsync("""{"models":["lost"]}""");
        await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/lost");
        Assert.Equal(HttpStatusCode.NotFound, (await _client.PredictAsync("lost", Row)).Status);

        var job = await _client.ImportSourceToEndAsync((string)export["id"]!, """{"restore_deleted":true}""");

        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.Equal(1, (int)job["metrics"]!["models_restored"]!);
        Assert.Equal(before.Body.ToJsonString(), (await _client.PredictAsync("lost", Row)).Body.ToJsonString());
    }

    [Fact]
    public async Task A_broken_archive_ends_in_a_failed_job_that_says_why()
    {
        await _client.UploadAsync("broken", OnnxModel.Linear());
        var archive = await _client.ArchiveOfAsync(await _client.ExportToEndAsync("""{"models":["broken"]}"""));
        await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/broken");

        var truncated = await _client.ImportToEndAsync(archive[..^10]);
        var damaged = archive.ToArray();
        // In a document, whose bytes are behind its name.
        damaged[archive.AsSpan().IndexOf("models/broken/versions/1.json"u8) + 60] ^= 1;
        var flipped = await _client.ImportToEndAsync(damaged, """{"restore_deleted":true}""");

        Assert.Equal("failed", (string?)truncated["state"]);
        Assert.Contains("no zip archive, or it is cut off", (string)truncated["reason"]!);
        Assert.Equal("failed", (string?)flipped["state"]);
        Assert.Contains("'models/broken/versions/1.json' is damaged", (string)flipped["reason"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/broken")).Status);
    }

    [Theory]
    [InlineData("/api/v1/admin/export", """{"models":["../x"]}""", 422)]
    [InlineData("/api/v1/admin/export", """{"modles":[]}""", 422)]
    [InlineData("/api/v1/admin/export?model=x", "{}", 422)]
    [InlineData("/api/v1/admin/import", """{"source":"backup.zip"}""", 422)]
    [InlineData("/api/v1/admin/import", """{"source":"http://localhost/backup.zip"}""", 422)]
    [InlineData("/api/v1/admin/import", """{"source":"uploads/none.zip"}""", 404)]
    [InlineData("/api/v1/admin/import", """{"source":"0123456789abcdef"}""", 404)]
    [InlineData("/api/v1/admin/import", """{"source":"uploads/none.zip","options":{"on_conflict":"replace"}}""", 422)]
    public async Task What_cannot_be_meant_is_refused_before_there_is_a_job(string path, string body, int code)
    {
        var answer = await _client.SendJsonAsync(HttpMethod.Post, path, body);

        Assert.Equal(code, answer.Code);
    }

    [Fact]
    public async Task A_model_that_is_not_there_fails_an_export_that_names_it()
    {
        var answer = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/admin/export", """{"models":["never-made"]}""");

        var job = await _client.EndOfAsync((string)answer.Body["job"]!["id"]!);

        Assert.Equal(("failed", "There is no model never-made."), ((string)job["state"]!, (string)job["reason"]!));
        Assert.Empty(job["outputs"]!.AsArray());
    }

    [Fact]
    public async Task Backups_run_by_the_clock()
    {
        await _client.UploadAsync("nightly", OnnxModel.Linear());
        var refused = await _client.ScheduleAsync("""{"name": "backup", "cron": "30 2 * * *", "job": {"type": "export", "model": "nightly"}}""");
        var made = await _client.ScheduleAsync("""{"name": "backup", "cron": "30 2 * * *", "job": {"type": "export", "model": "*", "options": {"models": ["nightly"]}}}""");

        var run = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{made.Body["schedule"]!["id"]}/run");

        Assert.Equal(422, refused.Code);
        var job = await _client.EndOfAsync((string)run.Body["job"]!["id"]!);
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.NotEmpty(await _client.ArchiveOfAsync(job));
        Assert.Equal(["export", "import"], (await _client.GetJsonAsync("/api/v1/job-types")).Body["job_types"]!.AsArray()
            .Select(type => (string)type!["type"]!).Where(type => type.EndsWith("port", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_schedule_whose_secrets_are_not_in_the_archive_comes_paused_and_says_so()
    {
        var trained = await _client.TrainToEndAsync("secretive", TrainingClient.Copy);
        Assert.True((string)trained["state"]! == "succeeded", trained.ToString());
        var id = await _client.ScheduleTrainingAsync("secretive", options: """, "options": {"environment": {"TOKEN": {"secret": "s3cr3t"}}}""");
        var export = await _client.ExportToEndAsync("""{"models":["secretive"]}""");
        await _client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/schedules/{id}");

        var job = await _client.ImportSourceToEndAsync((string)export["id"]!);

        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        var schedule = (await _client.GetScheduleAsync(id))["schedule"]!;
        Assert.False((bool)schedule["enabled"]!);
        Assert.Contains("/environment/TOKEN is masked", (string)(await _client.RunsAsync(id))[0]["reason"]!);
        Assert.Contains("1 of them paused", (string)job["reason"]!);
    }
}
