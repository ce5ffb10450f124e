using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Inference.Signatures;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Ingestion;

[Collection(nameof(SharedDrops))]
public sealed class IngestionTests(DropsFixture larder)
{
    [Fact]
    public async Task A_dropped_model_becomes_a_version_that_answers_and_says_where_it_came_from()
    {
        var model = OnnxModel.Linear();

        var result = await larder.DropToEndAsync("in-onnx/first try.onnx", model);

        Assert.Equal(("succeeded", "in-onnx", 1), ((string?)result["state"], (string?)result["model"], (int)result["version"]!));
        Assert.Equal("uploads/in-onnx/first try.onnx", (string?)result["blob"]);
        var etag = (await larder.Blob("uploads", "in-onnx/first try.onnx").GetPropertiesAsync()).Value.ETag.ToString().Trim('"');
        var version = (await larder.Client.GetJsonAsync("/api/v1/models/in-onnx:1")).Body["version"]!;
        Assert.Equal($"blob:uploads/in-onnx/first try.onnx@{etag}", (string?)version["source"]);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(model)), (string?)version["sha256"]);
        Assert.Equal(("first try.onnx", (string?)result["job"]), ((string?)version["file_name"], (string?)version["job"]));
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.PredictAsync("in-onnx", """{"values":[1,2,3,4]}""")).Status);

        var job = await larder.Client.EndOfAsync((string)result["job"]!);
        Assert.Equal(("ingest", "succeeded", 1), ((string?)job["type"], (string?)job["state"], (int)job["version"]!));
        Assert.Equal(["wait", "stage", "validate", "register", "report"], job["steps"]!.AsArray().Select(step => (string?)step!["name"]));
        Assert.All(job["steps"]!.AsArray(), step => Assert.NotNull(step!["finished"]));
        var listed = await larder.Client.GetJsonAsync("/api/v1/jobs?type=ingest&model=in-onnx");
        Assert.Equal(1, (int)listed.Body["total"]!);
    }

    [Theory]
    [InlineData("in-data/torch.zip")]
    [InlineData("in-data-tar/torch.tar.gz")]
    [InlineData("in-data-bytes/torch.onnx")]
    public async Task A_dropped_archive_of_any_kind_brings_a_model_with_its_data(string path)
    {
        var (model, data) = OnnxModel.LinearWithData();
        var name = path[..path.IndexOf('/')];

        var result = await larder.DropToEndAsync(path, path.EndsWith(".gz") ? Tar(("torch/model.onnx", model), ("torch/model.onnx.data", data)) : new RawZip().Add("model.onnx", model).Add("model.onnx.data", data).ToBytes());

        Assert.True((string?)result["state"] == "succeeded", result.ToString());
        Assert.Null(result["reason"]);
        Assert.Equal(2, (await larder.Client.GetJsonAsync($"/api/v1/models/{name}")).Body["version"]!["manifest"]!.AsArray().Count);
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.PredictAsync(name, """{"values":[1,2,3,4]}""")).Status);
    }

    [Fact]
    public async Task Image_settings_come_with_an_archive_if_the_model_can_use_them()
    {
        var image = OnnxModel.Identity(Larder.Inference.Signatures.Datatype.Fp32, 1, 3, 8, 8);

        var result = await larder.DropToEndAsync("in-image/a.zip", new RawZip().Add("model.onnx", image).Add("larder.yaml", "image: {scale: 0.5, channel_order: BGR}\nsource: camera 3").ToBytes());
        var refused = await larder.DropToEndAsync("in-no-image/a.zip", new RawZip().Add("model.onnx", OnnxModel.Linear()).Add("larder.yaml", "image: {scale: 0.5}").ToBytes());

        Assert.True((string?)result["state"] == "succeeded", result.ToString());
        var model = (await larder.Client.GetJsonAsync("/api/v1/models/in-image")).Body;
        Assert.Equal((0.5, "BGR", 64), ((double)model["model"]!["settings"]!["image"]!["scale"]!, (string?)model["model"]!["settings"]!["image"]!["channel_order"], (int)model["model"]!["settings"]!["batching"]!["max_rows"]!));
        Assert.StartsWith("blob:uploads/in-image/a.zip@", (string?)model["version"]!["source"]);
        Assert.Equal("camera 3", (string?)model["version"]!["tags"]!["source"]);
        Assert.Equal("failed", (string?)refused["state"]);
        Assert.StartsWith("The settings of image cannot work with this model.", (string?)refused["reason"]);
    }

    private static byte[] Tar(params (string Name, byte[] Content)[] files)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            foreach (var (name, content) in files)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        }

        return bytes.ToArray();
    }

    [Fact]
    public async Task A_dropped_archive_brings_everything_that_it_says()
    {
        var result = await larder.DropToEndAsync("in-zip/release/model.zip", new RawZip()
            .Add("model.onnx", OnnxModel.Linear())
            .Add("larder.yaml", """
                name: in-zip
                description: The third try
                model_description: Flowers by their leaves
                tags: {team: botany}
                aliases: [champion, staging]
                labels: [setosa, versicolor, virginica]
                features: [a, b, c, {name: d, unit: cm}]
                sample_inputs: {values: [5.1, 3.5, 1.4, 0.2]}
                """)
            .Add("metrics.json", """{"accuracy": 0.97}""")
            .Add("README.md", "# Iris\n")
            .Add("notes.txt", "this is not read")
            .ToBytes());

        Assert.True((string?)result["state"] == "succeeded", result.ToString());
        var answer = (await larder.Client.GetJsonAsync("/api/v1/models/in-zip:champion")).Body;
        Assert.Equal("Flowers by their leaves", (string?)answer["description"]);
        var version = answer["version"]!;
        Assert.Equal(("The third try", "botany", 0.97), ((string?)version["description"], (string?)version["tags"]!["team"], (double)version["metrics"]!["accuracy"]!));
        Assert.Equal("""["setosa","versicolor","virginica"]""", version["labels"]!.ToJsonString());
        Assert.Equal("""[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d","unit":"cm"}]""", version["features"]!.ToJsonString());
        Assert.Equal("model.onnx", (string?)version["file_name"]);
        Assert.Equal("Ignored: 'notes.txt'.", (string?)result["reason"]);
        Assert.Equal(1, (int)(await larder.Client.GetJsonAsync("/api/v1/models/in-zip:staging")).Body["version"]!["version"]!);
        var records = await larder.Client.AuditAsync("subject=model:in-zip");
        Assert.Equal(["set_alias", "set_alias", "update", "publish"], records.Select(record => (string)record["what"]!));
        Assert.All(records, record => Assert.Equal("drop:uploads/in-zip/release/model.zip", (string)record["who"]!));

        using var card = await larder.Client.GetAsync("/api/v1/models/in-zip/files/README.md");
        Assert.Equal(("# Iris\n", "text/markdown"), (await card.Content.ReadAsStringAsync(), card.Content.Headers.ContentType!.MediaType));
        var sample = await larder.Client.GetStringAsync("/api/v1/models/in-zip:1/files/sample_inputs.json");
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.PredictAsync("in-zip:staging", sample)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/api/v1/models/in-zip/files/notes.txt")).Status);

        var job = await larder.Client.EndOfAsync((string)result["job"]!);
        Assert.Contains("Ignored: 'notes.txt'.", (string?)job["steps"]!.AsArray().Single(step => (string?)step!["name"] == "validate")!["detail"]);
    }

    [Fact]
    public async Task A_dropped_archive_brings_samples_that_its_model_must_give()
    {
        var right = await larder.DropToEndAsync("in-samples/a.zip", Archive(1));
        var wrong = await larder.DropToEndAsync("in-samples/b.zip", Archive(2));

        Assert.True((string?)right["state"] == "succeeded", right.ToString());
        Assert.Equal("failed", (string?)wrong["state"]);
        Assert.Contains("For samples[0], output 'y' at [0] is 2 in the expected outputs and 1 in the model's outputs", (string?)wrong["reason"]);
        var samples = (await larder.Client.GetJsonAsync("/api/v1/models/in-samples/samples")).Body;
        Assert.Equal((1, "[{\"values\":[1],\"outputs\":{\"y\":[1]}}]"), ((int)samples["version"]!, samples["samples"]!.ToJsonString()));
        Assert.NotNull(samples["check"]);

        static byte[] Archive(int expected) => new RawZip()
            .Add("model.onnx", OnnxModel.Identity(Datatype.Fp32, -1))
            .Add("sample_inputs.json", "{\"values\": [1]}")
            .Add("sample_outputs.json", $"{{\"values\": [{expected}]}}")
            .ToBytes();
    }

    [Fact]
    public async Task The_same_content_under_two_names_is_two_versions_and_one_artifact()
    {
        var model = OnnxModel.Linear(classes: 17);
        var before = await ArtifactsAsync();

        var results = await Task.WhenAll(larder.DropToEndAsync("in-same/a.onnx", model), larder.DropToEndAsync("in-same/b.onnx", model));

        Assert.Equal([1, 2], results.Select(result => (int)result["version"]!).Order());
        var versions = (await larder.Client.GetJsonAsync("/api/v1/models/in-same")).Body["versions"]!.AsArray();
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(model));
        Assert.Equal([sha256, sha256], versions.Select(version => (string?)version!["sha256"]));
        Assert.DoesNotContain(sha256, before);
        Assert.Single(await ArtifactsAsync(), sha256);
    }

    [Fact]
    public async Task A_trigger_that_fires_again_makes_neither_a_second_job_nor_a_second_version()
    {
        var first = await larder.DropToEndAsync("in-twice/m.onnx", OnnxModel.Linear());
        await larder.Client.EndOfAsync((string)first["job"]!);

        // Without its receipt, the blob is new to the trigger; a restart would do as well.
        await using var other = await LarderProcess.StartAsync(larder.Storage, Drops.Often, ("AzureFunctionsWebHost:hostid", $"other{Guid.NewGuid():N}"[..32]));
        var after = await larder.DropToEndAsync("in-twice/later.onnx", OnnxModel.Linear(classes: 5));
        Assert.Equal(2, (int)after["version"]!);
        await Eventually.TrueAsync(async () => await ReceiptsAsync("in-twice/m.onnx") >= 2);

        var jobs = await larder.Client.GetJsonAsync("/api/v1/jobs?type=ingest&model=in-twice");
        Assert.Equal(2, (int)jobs.Body["total"]!);
        var versions = (await larder.Client.GetJsonAsync("/api/v1/models/in-twice")).Body["versions"]!.AsArray();
        Assert.Equal([1, 2], versions.Select(version => (int)version!["version"]!));
    }

    [Fact]
    public async Task A_job_that_is_run_again_after_it_was_deleted_everywhere_still_makes_no_second_version()
    {
        var first = await larder.DropToEndAsync("in-again/m.onnx", OnnxModel.Linear());
        await larder.Client.EndOfAsync((string)first["job"]!);

        var retry = await larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{first["job"]}/retry");
        var job = await larder.Client.EndOfAsync((string)retry.Body["job"]!["id"]!, () => larder.Log);

        Assert.True((string?)job["state"] == "succeeded", job.ToString());
        Assert.Equal(1, (int)job["version"]!);
        Assert.Single((await larder.Client.GetJsonAsync("/api/v1/models/in-again")).Body["versions"]!.AsArray());
    }

    [Fact]
    public async Task A_blob_that_is_written_again_is_another_version()
    {
        Assert.Equal(1, (int)(await larder.DropToEndAsync("in-over/m.onnx", OnnxModel.Linear()))["version"]!);

        await larder.DropAsync("in-over/m.onnx", OnnxModel.Linear(classes: 4));

        await Eventually.TrueAsync(async () => (int)(await larder.ResultAsync("in-over/m.onnx"))["version"]! == 2);
        Assert.Equal(2, (int)(await larder.Client.GetJsonAsync("/api/v1/jobs?type=ingest&model=in-over&state=succeeded,running")).Body["total"]!);
    }

    [Theory]
    [InlineData("in-refused/broken.onnx", "")]
    [InlineData("in-refused/text – ünïcode.onnx", "hello, world")]
    [InlineData("-no name-/m.onnx", "x")]
    [InlineData("in-refused/no.zip", "PK and nothing else")]
    public async Task A_refused_blob_is_moved_away_with_the_reason(string path, string content)
    {
        var result = await larder.DropToEndAsync(path, System.Text.Encoding.UTF8.GetBytes(content));

        Assert.Equal(("failed", $"rejected/{path}"), ((string?)result["state"], (string?)result["moved_to"]));
        var job = await larder.Client.EndOfAsync((string)result["job"]!);
        Assert.Equal(("failed", (string?)result["reason"]), ((string?)job["state"], (string?)job["reason"]));
        Assert.NotEmpty((string)job["reason"]!);
        Assert.DoesNotContain("/tmp", (string)job["reason"]!);
        Assert.False(await larder.Blob("uploads", path).ExistsAsync());
        var moved = (await larder.Blob("rejected", path).GetPropertiesAsync()).Value;
        Assert.Equal((string?)result["job"], moved.Metadata["job"]);
        Assert.Equal((string?)job["reason"], Uri.UnescapeDataString(moved.Metadata["reason"]));
        Assert.Equal(content, (await larder.Blob("rejected", path).DownloadContentAsync()).Value.Content.ToString());
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/api/v1/models/in-refused")).Status);
    }

    [Fact]
    public async Task Hostile_archives_end_in_a_job_that_says_why_and_leave_nothing()
    {
        var model = OnnxModel.Linear();
        var archives = new Dictionary<string, (byte[] Zip, string Expected)>
        {
            ["slip"] = (new RawZip().Add("model.onnx", model).Add("../../slip.txt", "x").ToBytes(), "leads out of the archive"),
            ["absolute"] = (new RawZip().Add("model.onnx", model).Add("/tmp/larder-slip.txt", "x").ToBytes(), "is absolute"),
            ["link"] = (new RawZip().Add("model.onnx", "/etc/passwd", entry => entry.Mode = 0xA1FF).ToBytes(), "has a link"),
            ["bomb"] = (new RawZip().Add("model.onnx", new byte[60 << 20]).ToBytes(), "packed more than 200 to 1"),
            ["claims"] = (new RawZip().Add("model.onnx", model, entry => entry.Length = 10UL << 30).ToBytes(), "unpacked, which is the limit"),
            ["liar"] = (new RawZip().Add("model.onnx", new byte[8 << 20], entry => entry.Length = 1000).ToBytes(), "'model.onnx'"),
            ["many"] = (Many(2000), "2000 entries; 1000 is the most"),
            ["twice"] = (new RawZip().Add("model.onnx", model).Add("model.onnx", model).ToBytes(), "twice"),
            ["nul"] = (new RawZip().Add("model.onnx\0.txt", model).ToBytes(), "control characters"),
            ["secret"] = (new RawZip().Add("model.onnx", model, entry => entry.Flags |= 1).ToBytes(), "is encrypted"),
            ["cut"] = (new RawZip().Add("model.onnx", model).ToBytes()[..^30], "cut off"),
            ["unknown-key"] = (new RawZip().Add("model.onnx", model).Add("larder.yaml", "aliasses: [x]").ToBytes(), "/aliasses is not known"),
            ["other-name"] = (new RawZip().Add("model.onnx", model).Add("larder.yaml", "name: other").ToBytes(), "'other'"),
            ["bad-alias"] = (new RawZip().Add("model.onnx", model).Add("larder.yaml", "aliases: ['12']").ToBytes(), "version number"),
            ["bad-metrics"] = (new RawZip().Add("model.onnx", model).Add("metrics.json", """{"a": "b"}""").ToBytes(), "metrics.json cannot be used"),
        };
        foreach (var (name, (zip, _)) in archives)
            await larder.DropAsync($"in-hostile/{name}.zip", zip);

        foreach (var (name, (_, expected)) in archives)
        {
            var result = await larder.ResultAsync($"in-hostile/{name}.zip");
            Assert.True((string?)result["state"] == "failed", $"{name}: {result}");
            Assert.True(((string)result["reason"]!).Contains(expected, StringComparison.Ordinal), $"{name}: {result["reason"]}");
            Assert.Equal("failed", (string?)(await larder.Client.EndOfAsync((string)result["job"]!))["state"]);
        }

        Assert.False(File.Exists("/tmp/larder-slip.txt"));
        Assert.Empty(Directory.EnumerateFiles(larder.Folder, "slip.txt", SearchOption.AllDirectories));
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/api/v1/models/in-hostile")).Status);
    }

    [Fact]
    public async Task A_blob_that_grows_is_taken_in_when_nobody_writes_to_it_any_more()
    {
        var model = OnnxModel.Linear();
        var blob = BlobClients.Create(larder.Storage).GetBlobContainerClient("uploads").GetAppendBlobClient("in-grows/m.onnx");
        await blob.CreateAsync();
        foreach (var part in model.Chunk(model.Length / 3))
            await blob.AppendBlockAsync(new MemoryStream(part));

        var result = await larder.ResultAsync("in-grows/m.onnx");

        Assert.True((string?)result["state"] == "succeeded", result.ToString());
        Assert.Single((await larder.Client.GetJsonAsync("/api/v1/models/in-grows")).Body["versions"]!.AsArray());
    }

    [Fact]
    public async Task Other_files_and_results_are_left_alone()
    {
        await larder.DropAsync("in-other/data.csv", "a,b\n1,2\n"u8.ToArray());
        await larder.DropAsync("in-other/model.onnx.result.json", "{}"u8.ToArray());
        await larder.DropToEndAsync("in-other/last.onnx", OnnxModel.Linear());

        var jobs = await larder.Client.GetJsonAsync("/api/v1/jobs?type=ingest&model=in-other");

        Assert.Equal(1, (int)jobs.Body["total"]!);
        Assert.True(await larder.Blob("uploads", "in-other/data.csv").ExistsAsync());
    }

    private static byte[] Many(int count)
    {
        var zip = new RawZip().Add("model.onnx", OnnxModel.Linear());
        for (var i = 1; i < count; i++)
            zip.Add($"{i}", "");
        return zip.ToBytes();
    }

    private async Task<List<string>> ArtifactsAsync()
    {
        var hashes = new List<string>();
        await foreach (var artifact in new BlobArtifactStore(BlobClients.Create(larder.Storage), TimeProvider.System).ListAsync())
            hashes.Add(artifact.Sha256);
        return hashes;
    }

    /// <summary>How many hosts have handled a blob.</summary>
    private async Task<int> ReceiptsAsync(string path)
    {
        var receipts = 0;
        await foreach (var receipt in BlobClients.Create(larder.Storage).GetBlobContainerClient("azure-webjobs-hosts").GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata, Prefix = "blobreceipts/" }))
            receipts += receipt.Name.EndsWith($"uploads/{path}", StringComparison.Ordinal) && receipt.Metadata.Values.Contains(bool.TrueString) ? 1 : 0;
        return receipts;
    }
}
