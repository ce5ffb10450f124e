using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

[Collection(nameof(SharedLarder))]
public sealed class ArchiveUploadTests(LarderFixture larder)
{
    private const string Values = """{"values": [[1, 2, 3, 4], [4, 3, 2, 1]]}""";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_model_with_its_weights_in_another_file_is_one_version_that_answers_as_the_model_in_one_file()
    {
        var (model, data) = OnnxModel.LinearWithData();
        await _client.UploadAsync("ext-one", OnnxModel.Linear());

        var answer = await _client.UploadAsync("ext", Zip(("model.onnx", model), ("model.onnx.data", data), ("notes.txt", "x"u8.ToArray())), "torch.zip");

        Assert.True(answer.Status == HttpStatusCode.Created, answer.Body.ToJsonString());
        Assert.Equal("Ignored: 'notes.txt'.", (string?)answer.Body["note"]);
        var version = answer.Body["version"]!;
        var manifest = version["manifest"]!.AsArray();
        Assert.Equal([("model.onnx", Sha256(model), model.Length), ("model.onnx.data", Sha256(data), data.Length)], manifest.Select(file => ((string)file!["name"]!, (string)file["sha256"]!, (int)file["size_bytes"]!)));
        Assert.Equal(Sha256(Encoding.UTF8.GetBytes($"{Sha256(model)}  model.onnx\n{Sha256(data)}  model.onnx.data\n")), (string?)version["sha256"]);
        Assert.Equal(model.Length + data.Length, (int)version["size_bytes"]!);
        Assert.Equal("model.onnx", (string?)version["file_name"]);
        Assert.Equal((await _client.PredictAsync("ext-one", Values)).Body["outputs"]!.ToJsonString(), (await _client.PredictAsync("ext", Values)).Body["outputs"]!.ToJsonString());
        Assert.Null((await _client.GetJsonAsync("/api/v1/models/ext-one")).Body["version"]!["manifest"]);
    }

    [Fact]
    public async Task A_model_with_its_weights_in_another_file_is_compared_with_its_samples()
    {
        var (model, data) = OnnxModel.LinearWithData();
        await _client.UploadAsync("ext-samples", Zip(("model.onnx", model), ("model.onnx.data", data)), "torch.zip");
        var saved = Encoding.UTF8.GetBytes((await _client.PredictAsync("ext-samples", Values)).Body.ToJsonString());

        var right = await _client.UploadAsync("ext-samples", Zip(("model.onnx", model), ("model.onnx.data", data), ("sample_inputs.json", Encoding.UTF8.GetBytes(Values)), ("sample_outputs.json", saved), ("larder.yaml", "sample_tolerance: {atol: 0.5}"u8.ToArray())), "torch.zip");
        var moved = await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/ext-samples/aliases/prod", "{\"version\": 2}");

        Assert.True(right.Status == HttpStatusCode.Created, right.Body.ToJsonString());
        Assert.Null(right.Body["version"]!["samples"]!["check"]!["difference"]);
        Assert.Equal("""{"atol":0.5,"rtol":0.0001}""", right.Body["version"]!["samples"]!["tolerance"]!.ToJsonString());
        Assert.True(moved.Status == HttpStatusCode.OK, moved.Body.ToJsonString());
    }

    [Fact]
    public async Task Its_download_is_a_zip_whose_parts_conditions_and_head_are_those_of_a_file_and_which_is_taken_again()
    {
        var (model, data) = OnnxModel.LinearWithData();
        var uploaded = await _client.UploadAsync("ext-zip", Zip(("model.onnx", model), ("model.onnx.data", data)), "torch.zip");
        var sha256 = (string)uploaded.Body["version"]!["sha256"]!;
        const string Path = "/api/v1/models/ext-zip/download";

        using var whole = await _client.GetAsync(Path);
        var zip = await whole.Content.ReadAsByteArrayAsync();

        Assert.Equal((HttpStatusCode.OK, "application/zip", zip.Length), (whole.StatusCode, whole.Content.Headers.ContentType!.MediaType, (int)whole.Content.Headers.ContentLength!));
        Assert.Equal(("model.zip", $"\"{sha256}\""), (whole.Content.Headers.ContentDisposition!.FileName, whole.Headers.ETag!.Tag));
        using (var archive = new ZipArchive(new MemoryStream(zip)))
        {
            Assert.Equal(["model.onnx", "model.onnx.data"], archive.Entries.Select(entry => entry.FullName));
            Assert.Equal(data, await BytesOfAsync(archive.Entries[1]));
            Assert.Equal(model, await BytesOfAsync(archive.Entries[0]));
        }

        Assert.Equal(HttpStatusCode.NotModified, (await SendAsync(HttpMethod.Get, Path, ("If-None-Match", $"\"{sha256}\""))).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(HttpMethod.Get, Path, ("If-Match", "\"other\""))).StatusCode);
        using var head = await SendAsync(HttpMethod.Head, Path);
        Assert.Equal((HttpStatusCode.OK, zip.Length, "bytes"), (head.StatusCode, (int)head.Content.Headers.ContentLength!, head.Headers.AcceptRanges.Single()));
        // Across the borders of headers and files.
        foreach (var (from, to) in new[] { (0, 0), (10, 60), (30, model.Length + 60), (model.Length + 45, zip.Length - 1), (zip.Length - 30, zip.Length - 1) })
        {
            using var part = await SendAsync(HttpMethod.Get, Path, ("Range", $"bytes={from}-{to}"));
            Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
            Assert.Equal(zip[from..(to + 1)], await part.Content.ReadAsByteArrayAsync());
        }

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await SendAsync(HttpMethod.Get, Path, ("Range", $"bytes={zip.Length}-"))).StatusCode);
        Assert.Equal(sha256, (string?)(await _client.UploadAsync("ext-zip", zip, "again.zip")).Body["version"]!["sha256"]);
    }

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("model.zip")]
    public async Task A_model_without_its_data_says_what_to_send(string fileName)
    {
        var (model, _) = OnnxModel.LinearWithData();
        var answer = await _client.UploadAsync("ext-none", fileName == "model.zip" ? Zip(("model.onnx", model)) : model, fileName);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(fileName == "model.zip" ? "send all files that it names in one archive" : "send a zip or tar.gz archive with model.onnx and the files that it names", answer.Description);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/ext-none")).Status);
    }

    [Fact]
    public async Task Data_that_do_not_reach_as_far_as_the_graph_says_are_refused()
    {
        var (model, data) = OnnxModel.LinearWithData();

        Assert.Contains(
            "needs 12 bytes from byte 48 of 'model.onnx.data', which has 59 bytes",
            (await _client.UploadAsync("ext-short", Zip(("model.onnx", model), ("model.onnx.data", data[..^1])), "m.zip")).Description);
    }

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("application/gzip")]
    [InlineData(null)]
    public async Task A_raw_tar_in_gzip_with_a_folder_of_its_own_is_known_by_its_bytes(string? type)
    {
        var (model, data) = OnnxModel.LinearWithData();
        using var content = new ByteArrayContent(Tar(("iris/model.onnx", model), ("iris/model.onnx.data", data), ("iris/larder.yml", "labels: [a, b, c]\nalias: best"u8.ToArray()), ("iris/readme.md", "# Hello"u8.ToArray())));
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);

        var name = $"ext-tar-{type?.Length ?? 0}";
        var answer = await _client.PutAsync($"/api/v1/models/{name}?description=By%20query&tags={{%22team%22:%22x%22}}", content).ReadAnswerAsync();

        Assert.True(answer.Status == HttpStatusCode.Created, answer.Body.ToJsonString());
        var best = (await _client.GetJsonAsync($"/api/v1/models/{name}:best")).Body["version"]!;
        Assert.Equal(("By query", "x", """["a","b","c"]"""), ((string?)best["description"], (string?)best["tags"]!["team"], best["labels"]!.ToJsonString()));
        Assert.Equal("# Hello", await _client.GetStringAsync($"/api/v1/models/{name}/files/README.md"));
    }

    [Fact]
    public async Task What_is_said_beside_an_archive_counts_more_than_what_it_says()
    {
        var zip = Zip(("model.onnx", OnnxModel.Linear()), ("larder.yaml", "description: in it\nmodel_description: in it\nsource: in it\ntags: {a: in it, b: in it}\naliases: [one]\nlabels: [x, y, z]"u8.ToArray()));

        var answer = await _client.UploadAsync("ext-said", zip, "m.zip", ("description", "beside it"), ("tags", """{"a": "beside it"}"""), ("alias", "two"), ("labels", """["p","q","r"]"""));

        var version = answer.Body["version"]!;
        Assert.Equal(("beside it", "in it"), ((string?)version["description"], (string?)version["source"]));
        Assert.Equal("""{"a":"beside it","b":"in it"}""", version["tags"]!.ToJsonString());
        Assert.Equal("""["p","q","r"]""", version["labels"]!.ToJsonString());
        foreach (var alias in new[] { "one", "two" })
            Assert.Equal(HttpStatusCode.OK, (await _client.GetJsonAsync($"/api/v1/models/ext-said:{alias}")).Status);
    }

    [Theory]
    [InlineData("nam: iris", "/nam is not known")]
    [InlineData("name: rose", "larder.yaml says that the model is 'rose', and it was sent for 'ext-bad'.")]
    [InlineData("sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "larder.yaml says that the model's SHA-256 is aaaa")]
    [InlineData("features: [a, b]", "There are 2 features")]
    [InlineData("alias: 'no alias'", "alias")]
    public async Task An_archive_that_says_what_cannot_be_is_refused_and_leaves_nothing(string yaml, string says)
    {
        var answer = await _client.UploadAsync("ext-bad", Zip(("model.onnx", OnnxModel.Linear()), ("larder.yaml", Encoding.UTF8.GetBytes(yaml))), "m.zip");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(says, answer.Description);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/ext-bad")).Status);
    }

    [Fact]
    public async Task A_PyTorch_file_is_told_what_it_is()
    {
        var answer = await _client.UploadAsync("ext-pt", Zip(("net/data.pkl", [1, 2, 3]), ("net/version", "3"u8.ToArray())), "model.onnx");

        Assert.Contains("The archive has no model.onnx. It seems to be, or to have, a PyTorch model. docs/onnx.md#pytorch describes the conversion.", answer.Description);
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] files)
    {
        var zip = new RawZip();
        foreach (var (name, content) in files)
            zip.Add(name, content);
        return zip.ToBytes();
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

    private static async Task<byte[]> BytesOfAsync(ZipArchiveEntry entry)
    {
        await using var content = await entry.OpenAsync();
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy);
        return copy.ToArray();
    }

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return _client.SendAsync(request);
    }
}
