using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Http;

/// <summary>Compressed bodies and answers.</summary>
[Collection(nameof(SharedLarder))]
public sealed class ContentCodingTests(LarderFixture larder)
{
    private const string Echo = "/api/test/sendtomodelhost";

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task A_compressed_body_is_read(string coding)
    {
        await larder.Client.UploadAsync("compressed-body", OnnxModel.Linear());

        var echo = await PostAsync(Echo, Compress("""{"data":["zip"]}"""u8, coding), coding);
        var prediction = await PostAsync("/api/v1/models/compressed-body/prediction", Compress("""{"values":[1,2,3,4]}"""u8, coding), coding);
        var plain = await larder.Client.PredictAsync("compressed-body", """{"values":[1,2,3,4]}""");

        Assert.Equal("""["zip"]""", echo.Body["data"]!.ToJsonString());
        Assert.Equal(plain.Body.ToJsonString(), prediction.Body.ToJsonString());
    }

    [Fact]
    public async Task Compressed_files_and_forms_are_read()
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(OnnxModel.Linear()), "path", "model.onnx" } };
        using var body = new ByteArrayContent(Compress(await form.ReadAsByteArrayAsync(), "gzip")) { Headers = { ContentType = form.Headers.ContentType, ContentEncoding = { "gzip" } } };
        using var raw = new ByteArrayContent(Compress(OnnxModel.Linear(), "br")) { Headers = { ContentType = new("application/octet-stream"), ContentEncoding = { "br" } } };

        Assert.Equal(HttpStatusCode.Created, (await larder.Client.PutAsync("/api/v1/models/compressed-form", body).ReadAnswerAsync()).Status);
        var uploaded = await larder.Client.PutAsync("/api/v1/models/compressed-raw", raw).ReadAnswerAsync();
        Assert.Equal(OnnxModel.Linear().Length, (int)uploaded.Body["version"]!["size_bytes"]!);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task What_is_not_in_its_coding_is_422_and_what_is_too_large_unpacked_is_413(string coding)
    {
        var wrong = await PostAsync(Echo, "{}"u8.ToArray(), coding);
        var cut = await PostAsync(Echo, Compress("""{"data":["zip"]}"""u8, coding)[..^12], coding);
        var bomb = await PostAsync(Echo, Compress(new byte[64 << 20], coding), coding);

        Assert.Equal((HttpStatusCode.UnprocessableEntity, $"The body is not complete and valid {coding}, as its Content-Encoding says."), (wrong.Status, wrong.Description));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, cut.Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, bomb.Status);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task An_answer_above_a_size_is_compressed_for_a_caller_that_accepts_it(string coding)
    {
        await larder.Client.UploadAsync($"compressed-answer-{coding}", OnnxModel.Linear());
        var path = $"/api/v1/models/compressed-answer-{coding}";
        var plain = await larder.Client.GetJsonAsync(path);

        using var compressed = await SendAsync(HttpMethod.Get, path, ("Accept-Encoding", coding));
        using var small = await SendAsync(HttpMethod.Get, "/healthz", ("Accept-Encoding", coding));
        using var unasked = await SendAsync(HttpMethod.Get, path);
        using var file = await SendAsync(HttpMethod.Get, $"{path}/download", ("Accept-Encoding", coding));

        Assert.Equal((coding, "Accept-Encoding"), (compressed.Content.Headers.ContentEncoding.Single(), compressed.Headers.Vary.Single()));
        Assert.Equal(plain.Body.ToJsonString(), JsonNode.Parse(Decompress(await compressed.Content.ReadAsByteArrayAsync(), coding))!.ToJsonString());
        Assert.Empty(small.Content.Headers.ContentEncoding);
        Assert.Empty(unasked.Content.Headers.ContentEncoding);
        Assert.Empty(file.Content.Headers.ContentEncoding);

        // Other bytes, another strong tag; conditions take either.
        var etag = compressed.Headers.ETag!;
        Assert.Equal($"{plain.Headers.ETag!.Tag[..^1]}.{coding}\"", etag.Tag);
        using var known = await SendAsync(HttpMethod.Get, path, ("If-None-Match", etag.Tag));
        var edited = await larder.Client.SendJsonAsync(HttpMethod.Post, path, """{"model_description":"x"}""", ("If-Match", etag.Tag));
        Assert.Equal((HttpStatusCode.NotModified, HttpStatusCode.OK), (known.StatusCode, edited.Status));
    }

    private static byte[] Compress(ReadOnlySpan<byte> content, string coding)
    {
        using var packed = new MemoryStream();
        using (Stream stream = coding.ToLowerInvariant() switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
        })
        {
            stream.Write(content);
        }
        return packed.ToArray();
    }

    private static string Decompress(byte[] content, string coding)
    {
        using Stream stream = coding == "gzip" ? new GZipStream(new MemoryStream(content), CompressionMode.Decompress) : new BrotliStream(new MemoryStream(content), CompressionMode.Decompress);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private async Task<Answer> PostAsync(string path, byte[] body, string coding)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json"), ContentEncoding = { coding } } };
        return await larder.Client.PostAsync(path, content).ReadAnswerAsync();
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await larder.Client.SendAsync(request);
    }
}
