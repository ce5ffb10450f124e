using System.Net;
using System.Security.Cryptography;
using Larder.Functions.Tests.Hosting;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

[Collection(nameof(SharedLarder))]
public sealed class UploadFieldTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Aliases_move_to_the_new_version(bool isRaw)
    {
        var name = $"uf-alias-{isRaw}";
        await _client.UploadAsync(name, OnnxModel.Linear());

        var answer = isRaw
            ? await PutRawAsync($"{name}?alias=champion&aliases=[%22a%22,%22b%22]", OnnxModel.Linear())
            : await _client.UploadAsync(name, OnnxModel.Linear(), "m.onnx", ("alias", "champion"), ("aliases", """["a","b"]"""));

        Assert.True(answer.Status == HttpStatusCode.Created, answer.Body.ToJsonString());
        foreach (var alias in new[] { "champion", "a", "b" })
            Assert.Equal(2, (int)(await _client.GetJsonAsync($"/api/v1/models/{name}:{alias}")).Body["version"]!["version"]!);
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{name}", """{"owner": "me"}""", ("If-Match", answer.Headers.ETag!.Tag))).Status);
    }

    [Theory]
    [InlineData("alias", "not an alias")]
    [InlineData("alias", "3")]
    [InlineData("aliases", "champion")]
    [InlineData("sha256", "abc")]
    [InlineData("sha256", "0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task A_field_that_cannot_be_is_refused_before_anything_is_stored(string field, string value)
    {
        var answer = await _client.UploadAsync("uf-bad", OnnxModel.Linear(), "m.onnx", (field, value));

        Assert.True((int)answer.Status is >= 400 and < 500, answer.Body.ToJsonString());
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/uf-bad")).Status);
    }

    [Fact]
    public async Task The_right_hash_is_taken_in_either_case()
    {
        var model = OnnxModel.Linear(7);
        var sha256 = Convert.ToHexString(SHA256.HashData(model));

        Assert.Equal(HttpStatusCode.Created, (await _client.UploadAsync("uf-sha", model, "m.onnx", ("sha256", sha256))).Status);
        Assert.Contains($"The file that came has the SHA-256 {sha256.ToLowerInvariant()}, and not '000", (await PutRawAsync($"uf-sha?sha256={new string('0', 64)}", model)).Description);
    }

    [Fact]
    public async Task A_client_that_retries_makes_one_version_and_a_key_for_something_else_is_422()
    {
        var model = OnnxModel.Linear(5);
        var path = "/api/v1/models/uf-once";

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PutAsync(model, "first")));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        Assert.All(answers, answer => Assert.Equal(1, (int)answer.Body["version"]!["version"]!));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PutAsync(OnnxModel.Linear(6), "first")).Status);
        var other = await PutAsync(model, "first", "other words");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.Status);
        Assert.Contains("This idempotency key was used for another upload", other.Description);
        Assert.Equal(2, (int)(await PutAsync(model, "second")).Body["version"]!["version"]!);
        Assert.Equal(2, (await _client.GetJsonAsync(path)).Body["versions"]!.AsArray().Count);

        async Task<Answer> PutAsync(byte[] file, string key, string description = "the same words")
        {
            using var form = new MultipartFormDataContent { { new StringContent(description), "description" }, { new ByteArrayContent(file), "path", "m.onnx" } };
            using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = form };
            request.Headers.Add("Idempotency-Key", key);
            return await _client.SendAsync(request).ReadAnswerAsync();
        }
    }

    [Fact]
    public async Task A_repeated_upload_moves_an_alias_that_is_behind_and_leaves_one_that_went_on()
    {
        const string name = "uf-again";
        await _client.UploadAsync(name, OnnxModel.Linear());
        await PutAsync();
        await _client.UploadAsync(name, OnnxModel.Linear(), "m.onnx", ("alias", "on"));
        await _client.SendJsonAsync(HttpMethod.Put, $"/api/v1/models/{name}/aliases/behind", """{"version": 1}""");

        var again = await PutAsync();

        Assert.Equal(2, (int)again.Body["version"]!["version"]!);
        Assert.Equal((2, 3), (await VersionOfAsync("behind"), await VersionOfAsync("on")));

        async Task<int> VersionOfAsync(string alias) => (int)(await _client.GetJsonAsync($"/api/v1/models/{name}:{alias}")).Body["version"]!["version"]!;

        async Task<Answer> PutAsync()
        {
            using var form = new MultipartFormDataContent { { new StringContent("""["on", "behind"]"""), "aliases" }, { new ByteArrayContent(OnnxModel.Linear()), "path", "m.onnx" } };
            using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/models/{name}") { Content = form };
            request.Headers.Add("Idempotency-Key", "once more");
            return await _client.SendAsync(request).ReadAnswerAsync();
        }
    }

    [Theory]
    [InlineData("""{"image": {"mean": [0.1, 0.2, 0.3]}}""", "The settings of image cannot work with this model.")]
    [InlineData("""{"image": {"scale": 0.5}}""", "takes no image")]
    public async Task Image_settings_of_a_model_that_takes_no_image_are_refused(string settings, string says)
    {
        await _client.UploadAsync("uf-no-image", OnnxModel.Linear());

        var answer = await EditAsync("uf-no-image", settings);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(says, answer.Description);
        Assert.Equal(HttpStatusCode.OK, (await EditAsync("uf-no-image", """{"image": {"scale": 1}, "batching": {"max_rows": 8}}""")).Status);
    }

    [Fact]
    public async Task Image_settings_must_fit_the_channels()
    {
        await _client.UploadAsync("uf-image", OnnxModel.Identity(Larder.Inference.Signatures.Datatype.Fp32, 1, 3, 8, 8));

        Assert.Contains(
            "image.mean must hold one number or 3, one for each channel of the model's input; it holds 2.",
            (await EditAsync("uf-image", """{"image": {"mean": [0.1, 0.2]}}""")).Description);
        Assert.Equal(HttpStatusCode.OK, (await EditAsync("uf-image", """{"image": {"mean": [0.1, 0.2, 0.3]}}""")).Status);
    }

    [Fact]
    public async Task Batches_and_NaN_are_refused_where_they_cannot_be()
    {
        await _client.UploadAsync("uf-fixed", OnnxModel.Identity(Larder.Inference.Signatures.Datatype.Int64, 2, 4));

        Assert.StartsWith("batching.enabled cannot be true", (await EditAsync("uf-fixed", """{"batching": {"enabled": true}}""")).Description);
        Assert.StartsWith("missing cannot be nan", (await EditAsync("uf-fixed", """{"missing": "nan"}""")).Description);
        Assert.Equal(HttpStatusCode.OK, (await EditAsync("uf-fixed", """{"batching": {"enabled": false}, "missing": "refuse"}""")).Status);
    }

    private Task<Answer> EditAsync(string model, string settings) => _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{model}", $$"""{"settings": {{settings}}}""");

    private async Task<Answer> PutRawAsync(string target, byte[] file)
    {
        using var content = new ByteArrayContent(file);
        content.Headers.ContentType = new("application/octet-stream");
        return await _client.PutAsync($"/api/v1/models/{target}", content).ReadAnswerAsync();
    }
}
