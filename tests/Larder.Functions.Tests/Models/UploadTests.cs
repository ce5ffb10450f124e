using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Larder.Functions.Tests.Hosting;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

[Collection(nameof(SharedLarder))]
public sealed class UploadTests(LarderFixture larder)
{
    [Fact]
    public async Task Upload_of_a_form_makes_version_1_with_location_hash_and_signature()
    {
        var model = OnnxModel.Linear();

        var answer = await larder.Client.UploadAsync("up-form", model, "iris.onnx",
            ("model_description", "Flowers"), ("tags", """{"team":"botany"}"""), ("source", "notebook 12"));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal(201, answer.Code);
        Assert.Equal("/api/v1/models/up-form:1", answer.Headers.Location?.OriginalString);
        var version = answer.Body["version"]!;
        Assert.Equal(1, (int)version["version"]!);
        Assert.Equal("READY", (string)version["status"]!);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(model)), (string)version["sha256"]!);
        Assert.Equal(model.Length, (long)version["size_bytes"]!);
        Assert.Equal("iris.onnx", (string)version["file_name"]!);
        Assert.Equal("notebook 12", (string)version["source"]!);
        Assert.Equal("FP32", (string)version["signature"]!["inputs"]![0]!["datatype"]!);
        Assert.Equal("[-1,4]", version["signature"]!["inputs"]![0]!["shape"]!.ToJsonString());
        var information = await larder.Client.GetJsonAsync("/api/v1/models/up-form");
        Assert.Equal("Flowers", (string)information.Body["description"]!);
        Assert.Equal("botany", (string)information.Body["version"]!["tags"]!["team"]!);
    }

    [Fact]
    public async Task Fields_may_come_after_the_file()
    {
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(OnnxModel.Linear()), "path", "m.onnx" },
            { new StringContent("late"), "model_description" },
        };

        var answer = await larder.Client.PutAsync("/api/v1/models/up-late", form).ReadAnswerAsync();

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("late", (string)(await larder.Client.GetJsonAsync("/api/v1/models/up-late")).Body["description"]!);
    }

    [Fact]
    public async Task Upload_of_a_raw_body_works_as_a_form_does()
    {
        using var body = new ByteArrayContent(OnnxModel.Linear());
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");

        var answer = await larder.Client.PutAsync("/api/v1/models/up-raw?model_description=raw", body).ReadAnswerAsync();

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("raw", (string)(await larder.Client.GetJsonAsync("/api/v1/models/up-raw")).Body["description"]!);
    }

    [Fact]
    public async Task The_same_bytes_again_are_a_new_version_with_the_same_hash()
    {
        var first = await larder.Client.UploadAsync("up-same", OnnxModel.Linear());
        var second = await larder.Client.UploadAsync("up-same", OnnxModel.Linear());

        Assert.Equal(2, (int)second.Body["version"]!["version"]!);
        Assert.Equal((string)first.Body["version"]!["sha256"]!, (string)second.Body["version"]!["sha256"]!);
    }

    [Fact]
    public async Task Concurrent_uploads_to_one_name_get_distinct_consecutive_numbers()
    {
        var answers = await Task.WhenAll(Enumerable.Range(2, 12).Select(classes =>
            larder.Client.UploadAsync("up-race", OnnxModel.Linear(classes: classes))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        Assert.Equal(Enumerable.Range(1, 12), answers.Select(answer => (int)answer.Body["version"]!["version"]!).Order());
    }

    [Theory]
    [InlineData("-dash-first", "'-dash-first' is not a model name: use 1 to 128 letters, digits, '.', '_' or '-', the first a letter or digit.")]
    [InlineData("sp%20ace", "'sp ace' is not a model name: use 1 to 128 letters, digits, '.', '_' or '-', the first a letter or digit.")]
    [InlineData("..%2F..%2Fetc", "'..%2F..%2Fetc' is not a model name: use 1 to 128 letters, digits, '.', '_' or '-', the first a letter or digit.")]
    [InlineData("name:1", "'name:1' is not a model name: use 1 to 128 letters, digits, '.', '_' or '-', the first a letter or digit.")]
    [InlineData("information", "No model can be called 'information': that word is part of the API.")]
    public async Task A_bad_name_is_refused_before_anything_is_stored(string name, string sentence)
    {
        var answer = await larder.Client.UploadAsync(name, OnnxModel.Linear());

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal((422, sentence), (answer.Code, answer.Description));
    }

    [Fact]
    public async Task A_truncated_model_is_refused_and_leaves_nothing_behind()
    {
        var answer = await larder.Client.UploadAsync("up-broken", OnnxModel.Linear()[..100]);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.StartsWith("The file is truncated: ", answer.Description);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/api/v1/models/up-broken")).Status);
    }

    [Fact]
    public async Task What_is_no_model_is_refused_with_a_sentence()
    {
        var answer = await larder.Client.UploadAsync("up-text", "hello, world"u8.ToArray());

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal("The file looks like text; an ONNX model is expected.", answer.Description);
    }

    [Fact]
    public async Task A_form_without_the_file_names_the_field()
    {
        using var form = new MultipartFormDataContent { { new StringContent("x"), "model_description" } };

        var answer = await larder.Client.PutAsync("/api/v1/models/up-nofile", form).ReadAnswerAsync();

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal("No file path (named 'path') specified", answer.Description);
    }

    [Theory]
    [InlineData("model.txt", "")]
    [InlineData("model.h5", ". The file seems to be an HDF5 file (Keras saves models so). docs/onnx.md#tensorflow-and-keras describes the conversion.")]
    [InlineData("model.PKL", ". The file seems to be a Python pickle. docs/onnx.md#scikit-learn describes the conversion.")]
    [InlineData("model.gguf", ". The file seems to be a GGUF model.")]
    public async Task Another_file_extension_is_415_and_says_what_the_file_seems_to_be(string fileName, string kind)
    {
        var answer = await larder.Client.UploadAsync("up-h5", OnnxModel.Linear(), fileName);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.Status);
        Assert.Equal($"Filename extension not allowed. Please use one of these: ['.onnx', '.zip', '.tar.gz', '.tgz']{kind}", answer.Description);
    }

    [Fact]
    public async Task A_broken_form_is_refused()
    {
        using var body = new StringContent("--x\r\nContent-Disposition: form-data; name=\"path\"; filename=\"a.onnx\"\r\n\r\nabc");
        body.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");

        var answer = await larder.Client.PutAsync("/api/v1/models/up-torn", body).ReadAnswerAsync();

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal("The multipart form is broken or ends too early.", answer.Description);
    }

    [Fact]
    public async Task Unknown_fields_are_refused_not_ignored()
    {
        var answer = await larder.Client.UploadAsync("up-unknown", OnnxModel.Linear(), "m.onnx", ("descripton", "typo"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains("'descripton'", answer.Description);
    }
}
