using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Prediction;

[Collection(nameof(SharedLarder))]
public sealed class PredictionTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Iris_is_classified_one_flower_or_several_at_a_time()
    {
        await UploadSampleAsync("iris", "iris/iris.onnx");

        var one = await _client.PredictAsync("iris", """{"values":[5.1,3.5,1.4,0.2]}""");
        var several = await _client.PredictAsync("iris:1", """{"values":[[5.1,3.5,1.4,0.2],[6.7,3.1,4.7,1.5],[7.7,2.6,6.9,2.3]]}""");

        Assert.Equal(HttpStatusCode.OK, one.Status);
        Assert.Equal("Prediction successful", one.Description);
        Assert.Equal("[0]", one.Body["values"]!.ToJsonString());
        Assert.Equal("1", one.Headers.GetValues("Larder-Model-Version").Single());
        Assert.Equal("[0,1,2]", several.Body["values"]!.ToJsonString());
        Assert.Equal("[0,1,2]", several.Body["outputs"]!["label"]!.ToJsonString());
        var probabilities = several.Body["outputs"]!["probabilities"]!.AsArray();
        Assert.All(probabilities, row => Assert.Equal(1, row!.AsArray().Sum(p => (double)p!), 4));
    }

    [Fact]
    public async Task The_whole_iris_data_set_is_predicted_as_well_as_the_sample_says()
    {
        await UploadSampleAsync("iris-all", "iris/iris.onnx");
        var rows = (await File.ReadAllLinesAsync(Sample("iris/iris.csv"))).Skip(1).Select(line => line.Split(',')).ToList();
        string[] species = ["setosa", "versicolor", "virginica"];

        var answer = await _client.PredictAsync("iris-all", $$"""{"values":[{{string.Join(',', rows.Select(row => $"[{string.Join(',', row[..4])}]"))}}]}""");

        var right = answer.Body["values"]!.AsArray().Select((label, i) => species[(int)label!] == rows[i][4]).Count(hit => hit);
        Assert.Equal(150, rows.Count);
        Assert.InRange(right, 144, 150);
    }

    [Fact]
    public async Task A_get_with_a_body_predicts_as_the_contract_has_it()
    {
        await _client.UploadAsync("by-get", OnnxModel.Linear());

        var answer = await _client.SendJsonAsync(HttpMethod.Get, "/api/v1/models/by-get/prediction", """{"values":[1,2,3,4]}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Single(answer.Body["values"]!.AsArray());
    }

    [Fact]
    public async Task Curl_without_a_content_type_predicts_too()
    {
        await _client.UploadAsync("by-curl", OnnxModel.Linear());
        using var body = new StringContent("""{"values":[1,2,3,4]}""", Encoding.UTF8, "application/x-www-form-urlencoded");

        Assert.Equal(HttpStatusCode.OK, (await _client.PostAsync("/api/v1/models/by-curl/prediction", body).ReadAnswerAsync()).Status);
    }

    [Fact]
    public async Task A_text_model_with_its_tokenizer_in_the_graph_takes_strings()
    {
        await _client.UploadAsync("tokenizer", OnnxModel.BertTokenizer());

        var answer = await _client.PredictAsync("tokenizer", """{"values":["A larder serves models"]}""");

        Assert.Equal("[3,5,6,7,8,9,8,1]", answer.Body["outputs"]!["ids"]!.ToJsonString());
        Assert.Equal("[8]", answer.Body["outputs"]!["count"]!.ToJsonString());
    }

    [Fact]
    public async Task Sequences_of_maps_come_out_as_arrays_of_objects()
    {
        await _client.UploadAsync("zipmap", OnnxModel.ZipMap());

        var answer = await _client.PredictAsync("zipmap", """{"values":[2,5,1,4]}""");

        var probabilities = answer.Body["outputs"]!["output_probability"]![0]!.AsObject();
        Assert.Equal(["0", "1", "2"], probabilities.Select(pair => pair.Key));
        Assert.Equal(1, probabilities.Sum(pair => (double)pair.Value!), 4);
    }

    public static TheoryData<Datatype, string> Elements => new()
    {
        { Datatype.Bool, "true" },
        { Datatype.UInt8, "255" },
        { Datatype.Int8, "-128" },
        { Datatype.UInt16, "65535" },
        { Datatype.Int16, "-32768" },
        { Datatype.UInt32, "4294967295" },
        { Datatype.Int32, "-2147483648" },
        { Datatype.UInt64, "18446744073709551615" },
        { Datatype.Int64, "-9223372036854775808" },
        { Datatype.Fp16, "1.5" },
        { Datatype.Bf16, "1.5" },
        { Datatype.Fp32, "0.1" },
        { Datatype.Fp64, "0.1" },
        { Datatype.Bytes, "\"grüße 🌍\"" },
    };

    [Theory]
    [MemberData(nameof(Elements))]
    public async Task Every_element_type_goes_in_and_comes_out_unchanged(Datatype datatype, string element)
    {
        var name = $"type-{datatype.Name()}";
        await _client.UploadAsync(name, OnnxModel.Identity(datatype, -1, 2));

        var answer = await _client.PredictAsync(name, $$"""{"values":[[{{element}},{{element}}]]}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals(
            System.Text.Json.Nodes.JsonNode.Parse($"[[{element},{element}]]"), answer.Body["values"]), answer.Body.ToJsonString());
    }

    [Fact]
    public async Task Scalars_and_empty_tensors_are_values_too()
    {
        await _client.UploadAsync("scalar", OnnxModel.Identity(Datatype.Fp32));
        await _client.UploadAsync("empty", OnnxModel.Identity(Datatype.Fp32, -1, 4));

        Assert.Equal("7.5", (await _client.PredictAsync("scalar", """{"values":7.5}""")).Body["values"]!.ToJsonString());
        Assert.Equal("[]", (await _client.PredictAsync("empty", """{"values":[]}""")).Body["values"]!.ToJsonString());
    }

    [Theory]
    [InlineData("", "No json data {values:[...]} or file provided")]
    [InlineData("{}", "No input for the model provided as (values:[...])")]
    [InlineData("""{"values":[[1,2,3,4],[1,2,3,4],[1,2,3]]}""", "x expects FP32 [-1,4]; got 3 values in row 2")]
    [InlineData("""{"values":[NaN,1,2,3]}""", "x expects FP32 [-1,4]; got NaN at [0]: a missing value, which this model refuses")]
    [InlineData("""{"values":["a",1,2,3]}""", "x expects FP32 [-1,4]; got a string at [0]")]
    [InlineData("""{"values":[true,1,2,3]}""", "x expects FP32 [-1,4]; got true at [0]")]
    [InlineData("""{"values":[null,1,2,3]}""", "x expects FP32 [-1,4]; got null at [0]")]
    [InlineData("""{"values":[[[1,2,3,4]]]}""", "x expects FP32 [-1,4]; got lists nested more than 2 deep")]
    [InlineData("""{"values":[1e39,1,2,3]}""", "x expects FP32 [-1,4]; got 1e39 at [0], which is out of range")]
    [InlineData("""{"values":7}""", "x expects FP32 [-1,4]; got a number")]
    [InlineData("""{"values":"7"}""", "x expects FP32 [-1,4]; got a string")]
    [InlineData("""{"values":{"y":[1,2,3,4]}}""", "values has y, which the model does not take; its inputs are x FP32 [-1,4]")]
    [InlineData("""{"values":[1,2,3,4]""", "x expects FP32 [-1,4]; the JSON is not valid: Expected depth to be zero")]
    [InlineData("""{"values":[1,2,3,4]} trailing""", "x expects FP32 [-1,4]; the JSON is not valid: 't' is invalid after a single JSON value")]
    [InlineData("""{"values":[-Infinity,1,2,3]}""", "x expects FP32 [-1,4]; got -Infinity at [0], which is out of range")]
    [InlineData("""[1,2,3,4]""", "The body must be a JSON object {values:[...]}")]
    public async Task Wrong_values_are_422_and_the_sentence_names_the_input(string body, string expected)
    {
        await _client.UploadAsync("wrong-values", OnnxModel.Linear());

        var answer = await _client.PredictAsync("wrong-values", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.StartsWith(expected, answer.Description);
        Assert.DoesNotContain("System.", answer.Description);
    }

    [Fact]
    public async Task A_deeply_nested_body_is_422()
    {
        await _client.UploadAsync("deep", OnnxModel.Linear());

        var answer = await _client.PredictAsync("deep", $$"""{"values":{{new string('[', 5000)}}{{new string(']', 5000)}}}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        await _client.UploadAsync("big-body", OnnxModel.Linear());
        using var body = new ByteArrayContent(new byte[65 * 1024 * 1024]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        var answer = await _client.PostAsync("/api/v1/models/big-body/prediction", body).ReadAnswerAsync();

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
    }

    [Fact]
    public async Task A_large_batch_arrives_whole()
    {
        await _client.UploadAsync("large-batch", OnnxModel.Identity(Datatype.Fp32, -1, 4));
        var rows = 200_000;
        var json = $$"""{"values":[{{string.Join(',', Enumerable.Range(0, rows).Select(i => $"[{i},0,1,2]"))}}]}""";

        var answer = await _client.PredictAsync("large-batch", json);

        Assert.Equal(rows, answer.Body["values"]!.AsArray().Count);
        Assert.Equal(rows - 1, (int)answer.Body["values"]![rows - 1]![0]!);
    }

    [Fact]
    public async Task Ten_digits_are_read_from_png_and_jpeg_files_by_form_and_by_body()
    {
        await UploadSampleAsync("digits", "digits/digits.onnx");
        var files = Directory.GetFiles(Sample("digits"), "*.*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".png" or ".jpg").Order().ToList();
        Assert.Equal(10, files.Count);

        var right = 0;
        foreach (var file in files)
        {
            var type = new MediaTypeHeaderValue(Path.GetExtension(file) == ".png" ? "image/png" : "image/jpeg");
            var image = new ByteArrayContent(await File.ReadAllBytesAsync(file)) { Headers = { ContentType = type } };
            using var form = new MultipartFormDataContent { { image, "path", Path.GetFileName(file) } };
            var byForm = await _client.PostAsync("/api/v1/models/digits/prediction", form).ReadAnswerAsync();
            using var body = new ByteArrayContent(await File.ReadAllBytesAsync(file)) { Headers = { ContentType = type } };
            var byBody = await _client.PostAsync("/api/v1/models/digits/prediction", body).ReadAnswerAsync();

            Assert.Equal(HttpStatusCode.OK, byForm.Status);
            Assert.Equal(byForm.Body["outputs"]!.ToJsonString(), byBody.Body["outputs"]!.ToJsonString());
            right += Path.GetFileNameWithoutExtension(file).Contains($"{byForm.Body["values"]![0]}", StringComparison.Ordinal) ? 1 : 0;
        }
        Assert.InRange(right, 9, 10);
    }

    [Fact]
    public async Task What_is_no_image_is_422()
    {
        await UploadSampleAsync("digits-wrong", "digits/digits.onnx");
        using var text = new StringContent("no image", Encoding.UTF8, "image/png");
        using var form = new MultipartFormDataContent { { new ByteArrayContent([1, 2, 3]) { Headers = { ContentType = new("text/plain") } }, "path", "a.txt" } };
        using var wrongField = new MultipartFormDataContent { { new ByteArrayContent([1, 2, 3]) { Headers = { ContentType = new("image/png") } }, "picture", "a.png" } };

        var broken = await _client.PostAsync("/api/v1/models/digits-wrong/prediction", text).ReadAnswerAsync();
        var typed = await _client.PostAsync("/api/v1/models/digits-wrong/prediction", form).ReadAnswerAsync();
        var named = await _client.PostAsync("/api/v1/models/digits-wrong/prediction", wrongField).ReadAnswerAsync();

        Assert.All([broken, typed, named], answer => Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status));
        Assert.Equal("Filetype text/plain is not currently allowed for predictions. The model server only supports images so far", typed.Description);
        Assert.Contains("got a file of another kind", named.Description);
    }

    [Fact]
    public async Task An_image_is_recognised_by_its_first_bytes_whatever_its_field_and_media_type_are()
    {
        await UploadSampleAsync("digits-bytes", "digits/digits.onnx");
        var file = await File.ReadAllBytesAsync(Directory.GetFiles(Sample("digits"), "*.png", SearchOption.AllDirectories).Order().First());
        var encoded = Convert.ToBase64String(file);
        using var known = new ByteArrayContent(file) { Headers = { ContentType = new("image/png") } };
        var expected = (await SendAsync(known)).Body["outputs"]!.ToJsonString();

        foreach (var type in new[] { null, "application/x-www-form-urlencoded", "application/octet-stream", "text/plain" })
        {
            using var body = new ByteArrayContent(file);
            if (type is not null)
                body.Headers.ContentType = new(type);
            Assert.Equal(expected, (await SendAsync(body)).Body["outputs"]?.ToJsonString());
        }
        foreach (var (field, type) in new[] { ("picture", "image/png"), ("file", "text/plain"), ("image", null) })
        {
            var part = new ByteArrayContent(file);
            if (type is not null)
                part.Headers.ContentType = new(type);
            using var form = new MultipartFormDataContent { { part, field, "a.png" } };
            Assert.Equal(expected, (await SendAsync(form)).Body["outputs"]?.ToJsonString());
        }
        foreach (var values in new[] { $$"""{"b64":"{{encoded}}"}""", $"\"data:image/png;base64,{encoded}\"", $"\"data:image/png;base64,{encoded.Replace("/", "\\/")}\"" })
            Assert.Equal(expected, (await _client.PredictAsync("digits-bytes", $$"""{"values":{{values}}}""")).Body["outputs"]?.ToJsonString());

        using var two = new MultipartFormDataContent { { new ByteArrayContent(file), "a", "a.png" }, { new ByteArrayContent(file), "b", "b.png" } };
        Assert.Equal("The field 'b' is too many: a prediction takes one file.", (await SendAsync(two)).Description);

        Task<Answer> SendAsync(HttpContent content) => _client.PostAsync("/api/v1/models/digits-bytes/prediction", content).ReadAnswerAsync();
    }

    [Theory]
    [InlineData("""{"b64":"????"}""", 422, "The image is not base64 (RFC 4648, section 4).")]
    [InlineData("\"data:image/png,abc\"", 422, "An image as a data URI begins with data:image/png;base64, (or another type of image).")]
    [InlineData("""{"b64":"QUJD"}""", 422, "got a file of another kind")]
    [InlineData("""{"b64":7}""", 422, "b64 must be the image as text in base64.")]
    [InlineData("""{"b64":"QUJD","also":1}""", 422, "Nothing may stand beside b64.")]
    [InlineData("", 413, "An image is limited to 20971520 bytes.")]
    public async Task An_image_in_JSON_that_is_none_is_refused(string values, int status, string says)
    {
        await UploadSampleAsync("digits-json", "digits/digits.onnx");
        if (values.Length == 0)
            values = $$"""{"b64":"{{new string('A', 28_000_004)}}"}""";

        var answer = await _client.PredictAsync("digits-json", $$"""{"values":{{values}}}""");

        Assert.Equal(status, (int)answer.Status);
        Assert.Contains(says, answer.Description);
    }

    [Fact]
    public async Task A_prediction_in_another_charset_is_read_and_one_of_another_kind_is_415()
    {
        await _client.UploadAsync("charset", OnnxModel.Linear());
        using var wide = new StringContent("""{"values":[1,2,3,4]}""", Encoding.Unicode, "application/json");
        using var xml = new StringContent("<values/>", Encoding.UTF8, "application/xml");

        var read = await _client.PostAsync("/api/v1/models/charset/prediction", wide).ReadAnswerAsync();
        var refused = await _client.PostAsync("/api/v1/models/charset/prediction", xml).ReadAnswerAsync();

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.UnsupportedMediaType), (read.Status, refused.Status));
        Assert.Contains("'application/xml; charset=utf-8'", refused.Description);
    }

    [Fact]
    public async Task A_model_without_an_image_input_refuses_images()
    {
        await _client.UploadAsync("no-image", OnnxModel.Linear());
        using var image = new ByteArrayContent(await File.ReadAllBytesAsync(Directory.GetFiles(Sample("digits"), "*.png", SearchOption.AllDirectories)[0])) { Headers = { ContentType = new("image/png") } };

        var answer = await _client.PostAsync("/api/v1/models/no-image/prediction", image).ReadAnswerAsync();

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.StartsWith("x is FP32 [-1,4] and takes no image: an image input is ", answer.Description);
    }

    private Task<Answer> UploadSampleAsync(string name, string file) => _client.UploadAsync(name, File.ReadAllBytes(Sample(file)));

    private static string Sample(string path) => Path.Combine(AppContext.BaseDirectory, "samples", path);
}
