using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.OpenInference;

/// <summary>Inference in the Open Inference Protocol V2 (open_inference_rest.yaml) and Triton's binary tensor data extension: a case for each rule.</summary>
[Collection(nameof(SharedLarder))]
public sealed class InferTests(LarderFixture larder) : IAsyncLifetime
{
    private const string JsonLength = "Inference-Header-Content-Length";

    private readonly HttpClient _client = larder.Client;

    // y = x, and u = t.
    private static readonly byte[] Two = new OnnxModel()
        .Input("x", Datatype.Fp32, -1, 2).Input("t", Datatype.Bytes, -1).Output("y", Datatype.Fp32, -1, 2).Output("u", Datatype.Bytes, -1)
        .Node("Identity", ["x"], ["y"]).Node("Identity", ["t"], ["u"]).ToBytes();

    public async Task InitializeAsync()
    {
        if ((await _client.GetAsync("/v2/models/v2-two")).StatusCode == HttpStatusCode.OK)
            return;
        await _client.UploadAsync("v2-two", Two);
        foreach (var datatype in Enum.GetValues<Datatype>())
            await _client.UploadAsync($"v2-{datatype.Name().ToLowerInvariant()}", OnnxModel.Identity(datatype, -1, 2));
        await _client.UploadAsync("v2-zipmap", OnnxModel.ZipMap());
        await _client.UploadAsync("v2-linear", OnnxModel.Linear());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("bool", "[true,false]", "[true,false]")]
    [InlineData("uint8", "[[0,255]]", "[0,255]")]
    [InlineData("uint16", "[0,65535]", "[0,65535]")]
    [InlineData("uint32", "[0,4294967295]", "[0,4294967295]")]
    [InlineData("uint64", "[0,18446744073709551615]", "[0,18446744073709551615]")]
    [InlineData("int8", "[-128,127]", "[-128,127]")]
    [InlineData("int16", "[-32768,32767]", "[-32768,32767]")]
    [InlineData("int32", "[-2147483648,2147483647]", "[-2147483648,2147483647]")]
    [InlineData("int64", "[-9223372036854775808,9223372036854775807]", "[-9223372036854775808,9223372036854775807]")]
    [InlineData("fp16", "[1.5,-2]", "[1.5,-2]")]
    [InlineData("bf16", "[1.5,-2]", "[1.5,-2]")]
    [InlineData("fp32", "[0.1,[1e3]]", "[0.1,1000]")]
    [InlineData("fp64", "[[0.1],[1e300]]", "[0.1,1E+300]")]
    [InlineData("bytes", """["größe",""]""", """["gr\u00F6\u00DFe",""]""")]
    public async Task Every_datatype_comes_and_goes_as_JSON_nested_or_flat(string type, string data, string expected)
    {
        var answer = await InferAsync($"v2-{type}", $$$"""{"id":"a","inputs":[{"name":"x","shape":[1,2],"datatype":"{{{type.ToUpperInvariant()}}}","data":{{{data}}}}]}""");

        Assert.Equal($$"""{"model_name":"v2-{{type}}","model_version":"1","id":"a","outputs":[{"name":"y","datatype":"{{type.ToUpperInvariant()}}","shape":[1,2],"data":{{expected}}}]}""", Text(answer));
    }

    [Theory]
    [InlineData("""{"inputs":[{"data":[1,2],"parameters":{"other":1},"datatype":"FP32","unknown":[{}],"shape":[1,2],"name":"x"},{"name":"t","shape":[1],"datatype":"BYTES","data":["a"]}]}""", """[1,2] ["a"]""")]
    [InlineData("""{"outputs":[{"name":"u"},{"name":"y","parameters":{"k":2}}],"parameters":{"sequence_id":7},"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","data":["a"]},{"name":"x","shape":[1,2],"datatype":"FP32","data":[[1,2]]}]}""", """["a"] [1,2]""")]
    [InlineData("""{"outputs":[],"inputs":[{"name":"t","shape":[0],"datatype":"BYTES","data":[]},{"name":"x","shape":[0,2],"datatype":"FP32","data":[]}]}""", """[] []""")]
    public async Task Members_may_come_in_any_order_and_outputs_are_those_that_are_asked_for(string body, string expected)
    {
        var answer = await InferAsync("v2-two", body);

        Assert.Equal(expected, string.Join(' ', JsonNode.Parse(Text(answer))!["outputs"]!.AsArray().Select(output => output!["data"]!.ToJsonString())));
    }

    [Theory]
    [InlineData("v2-two/versions/1")]
    [InlineData("v2-two/versions/stable")]
    public async Task A_version_is_named_by_its_number_or_an_alias(string path)
    {
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/v2-two/aliases/stable", """{"version":1}""");

        var answer = await InferAsync(path, """{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]},{"name":"t","shape":[1],"datatype":"BYTES","data":["a"]}]}""");

        Assert.Contains("\"model_version\":\"1\"", Text(answer));
    }

    [Theory]
    [InlineData("", "The body must be a JSON object")]
    [InlineData("[]", "The body must be a JSON object")]
    [InlineData("""{"inputs":[""", "The JSON is not valid")]
    [InlineData("{}", "The request has no inputs")]
    [InlineData("""{"inputs":7}""", "inputs must be a list.")]
    [InlineData("""{"inputs":[7]}""", "inputs must be a list of objects.")]
    [InlineData("""{"inputs":[]}""", "The input x FP32 [-1,2] is missing.")]
    [InlineData("""{"inputs":[{"shape":[1,2],"datatype":"FP32","data":[1,2]}]}""", "must have name, shape and datatype")]
    [InlineData("""{"inputs":[{"name":7,"shape":[1,2],"datatype":"FP32","data":[1,2]}]}""", "name must be a string.")]
    [InlineData("""{"inputs":[{"name":"z","shape":[1,2],"datatype":"FP32","data":[1,2]}]}""", "The model has no input 'z'; its inputs are x FP32 [-1,2], t BYTES [-1].")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]},{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}""", "The input x is given twice.")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}]}""", "x expects FP32 [-1,2]; got the datatype 'FP64'")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}""", "x expects FP32 [-1,2]; got shape [1,3]")]
    [InlineData("""{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1,2]}]}""", "x expects FP32 [-1,2]; got shape [2]")]
    [InlineData("""{"inputs":[{"name":"x","shape":[-1,2],"datatype":"FP32","data":[1,2]}]}""", "shape must be a list")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1.5,2],"datatype":"FP32","data":[1,2]}]}""", "shape must be a list")]
    [InlineData("""{"inputs":[{"name":"x","shape":[9223372036854775808,2],"datatype":"FP32","data":[1,2]}]}""", "shape must be a list")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1152921504606846976,2],"datatype":"FP32","data":[1,2]}]}""", "the limit for one input")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1]}]}""", "got 1 element, where the shape that is stated has 2")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2,3]}]}""", "more than the 2 elements")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,"a"]}]}""", "got a string at element 1")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,{}]}]}""", "got an object at element 1")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":7}]}""", "a number as data, which must be a list")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32"}]}""", "neither data nor the parameter binary_data_size")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2],"data":[1,2]}]}""", "data twice")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2],"parameters":{"binary_data_size":8}}]}""", "both data and binary_data_size")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}""", "and 0 bytes are left behind the JSON")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":-8}}]}""", "binary_data_size must be a number of bytes.")]
    [InlineData("""{"outputs":[{"name":"z"}],"inputs":[]}""", "The model has no output 'z'; its outputs are y, u.")]
    [InlineData("""{"outputs":[{"name":"y"},{"name":"y"}],"inputs":[]}""", "The output y is asked for twice.")]
    [InlineData("""{"outputs":[{}],"inputs":[]}""", "An output must have a name.")]
    [InlineData("""{"parameters":{"binary_data_output":1},"inputs":[]}""", "binary_data_output must be true or false.")]
    [InlineData("""{"id":"\ud800","inputs":[]}""", "id must be well-formed Unicode.")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}]}""", "The JSON is not valid")]
    public async Task A_wrong_request_is_400_with_a_sentence(string body, string sentence)
    {
        var (status, error) = await RefusedAsync("v2-two", body);

        Assert.Equal(400, status);
        Assert.Contains(sentence, error);
    }

    [Theory]
    [InlineData("no-such-model", 404)]
    [InlineData("v2-two/versions/99", 404)]
    [InlineData("v2-two/versions/none", 404)]
    [InlineData("..x", 400)]
    public async Task A_model_that_is_not_there_is_404(string path, int status) => Assert.Equal(status, (await RefusedAsync(path, """{"inputs":[]}""")).Status);

    [Fact]
    public async Task Classes_with_the_highest_scores_come_in_the_place_of_the_scores()
    {
        await _client.UploadAsync("v2-classes", OnnxModel.Identity(Datatype.Fp32, -1, 3), fields: ("labels", """["a","b","c"]"""));
        const string body = """{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[0.5,2,1,3,-1,0]}],"outputs":[{"name":"y","parameters":{"classification":2}}]}""";

        Assert.Contains("""{"name":"y","datatype":"BYTES","shape":[2,2],"data":["2:1:b","1:2:c","3:0:a","0:2:c"]}""", Text(await InferAsync("v2-classes", body)));
        Assert.Contains("which are no scores of classes", (await RefusedAsync("v2-int64", """{"inputs":[{"name":"x","shape":[1,2],"datatype":"INT64","data":[1,2]}],"outputs":[{"name":"y","parameters":{"classification":1}}]}""")).Error);
        Assert.Contains("classification must be a number", (await RefusedAsync("v2-classes", body.Replace(":2}", ":0}"))).Error);
    }

    [Fact]
    public async Task An_optional_input_may_be_sent_and_is_in_the_metadata()
    {
        await _client.UploadAsync("v2-optional", new OnnxModel().Input("x", Datatype.Fp32, -1, 2).Input("w", Datatype.Fp32, 2).Initializer(OnnxTensor.Of("w", [2f, 3f], 2))
            .Output("y", Datatype.Fp32, -1, 2).Node("Mul", ["x", "w"], ["y"]).ToBytes());
        const string body = """{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,1]}@]}""";

        Assert.Contains("[2,3]", Text(await InferAsync("v2-optional", body.Replace("@", ""))));
        Assert.Contains("[5,6]", Text(await InferAsync("v2-optional", body.Replace("@", """,{"name":"w","shape":[2],"datatype":"FP32","data":[5,6]}"""))));
        Assert.Equal("[null,true]", new JsonArray([.. (await _client.GetJsonAsync("/v2/models/v2-optional/config")).Body["input"]!.AsArray().Select(input => input!["optional"]?.DeepClone())]).ToJsonString());
    }

    [Fact]
    public async Task What_the_protocol_has_and_the_server_has_not_is_501()
    {
        Assert.Equal(501, (await RefusedAsync("v2-two", """{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"shared_memory_region":"r"}}]}""")).Status);
    }

    [Theory]
    [InlineData("bool", "0001")]
    [InlineData("uint8", "00ff")]
    [InlineData("uint16", "0100ffff")]
    [InlineData("uint32", "01000000ffffffff")]
    [InlineData("uint64", "0100000000000000ffffffffffffffff")]
    [InlineData("int8", "7f80")]
    [InlineData("int16", "ff7f0080")]
    [InlineData("int32", "ffffff7f00000080")]
    [InlineData("int64", "ffffffffffffff7f0000000000000080")]
    [InlineData("fp16", "003c00fc")]
    [InlineData("bf16", "803fc07f")]
    [InlineData("fp32", "0000c03f0000c07f")]
    [InlineData("fp64", "000000000000f83f000000000000f0ff")]
    [InlineData("bytes", "02000000fffe00000000")]
    public async Task Every_datatype_comes_and_goes_as_bytes(string type, string hex)
    {
        var data = Convert.FromHexString(hex);
        var json = $$$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"x","shape":[1,2],"datatype":"{{{type.ToUpperInvariant()}}}","parameters":{"binary_data_size":{{{data.Length}}}}}]}""";

        var answer = await InferAsync($"v2-{type}", json, data);

        var (head, tail) = Split(answer);
        Assert.Equal("application/octet-stream", answer.Type);
        Assert.Equal($$$"""{"model_name":"v2-{{{type}}}","model_version":"1","outputs":[{"name":"y","datatype":"{{{type.ToUpperInvariant()}}}","shape":[1,2],"parameters":{"binary_data_size":{{{data.Length}}}}}]}""", head);
        Assert.Equal(hex, Convert.ToHexStringLower(tail));
    }

    [Fact]
    public async Task Bytes_and_JSON_are_mixed_in_both_directions()
    {
        const string json = """{"inputs":[{"name":"t","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":11}},{"name":"x","shape":[2,2],"datatype":"FP32","data":[1,2,3,4]}],"outputs":[{"name":"y","parameters":{"binary_data":true}},{"name":"u","parameters":{"binary_data":false}}]}""";

        var answer = await InferAsync("v2-two", json, [1, 0, 0, 0, (byte)'a', 2, 0, 0, 0, (byte)'b', (byte)'c']);

        var (head, tail) = Split(answer);
        Assert.Equal("""["a","bc"]""", JsonNode.Parse(head)!["outputs"]![1]!["data"]!.ToJsonString());
        Assert.Equal([1, 2, 3, 4], MemoryMarshal.Cast<byte, float>(tail).ToArray());
    }

    [Fact]
    public async Task A_large_output_is_sent_in_pieces_with_its_length()
    {
        var data = new byte[4 << 20];
        Random.Shared.NextBytes(data);
        var rows = data.Length / 2;
        var json = $$$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"x","shape":[{{{rows}}},2],"datatype":"UINT8","parameters":{"binary_data_size":{{{data.Length}}}}}]}""";

        var (_, tail) = Split(await InferAsync("v2-uint8", json, data));
        var answer = await InferAsync("v2-uint8", json.Replace("true", "false"), data);

        Assert.True(data.AsSpan().SequenceEqual(tail));
        Assert.True(data.AsSpan().SequenceEqual(JsonNode.Parse(Text(answer))!["outputs"]![0]!["data"]!.AsArray().Select(value => (byte)value!).ToArray()));
    }

    [Theory]
    [InlineData("x", "", "must be the length of the JSON")]
    [InlineData("-1", "", "must be the length of the JSON")]
    [InlineData("99999999999", "", "must be the length of the JSON")]
    [InlineData("1000", "{}", "is 1000, and the body has 2 bytes")]
    [InlineData("1", "{}", "The JSON is not valid")]
    public async Task A_header_that_lies_is_400(string length, string body, string sentence)
    {
        var (status, error) = await RefusedAsync("v2-two", body, length);

        Assert.Equal(400, status);
        Assert.Contains(sentence, error);
    }

    [Theory]
    [InlineData(8, "0000803f", "and 4 bytes are left behind the JSON")]
    [InlineData(4, "0000803f", "got 4 bytes for shape [1,2], which has 8")]
    [InlineData(8, "0000803f000000400000", "There are 2 bytes behind those of the inputs")]
    public async Task Bytes_that_do_not_fit_are_400(int size, string hex, string sentence)
    {
        var json = $$$"""{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":{{{size}}}}}]}""";
        var answer = await InferAsync("v2-fp32", json, Convert.FromHexString(hex));

        Assert.Equal(400, answer.Status);
        Assert.Contains(sentence, Text(answer));
    }

    [Theory]
    [InlineData("bool", "0002", "the byte 2 at element 1")]
    [InlineData("bytes", "0100000061", "bytes that end before element 1")]
    [InlineData("bytes", "01000000616100", "bytes that end before element 1")]
    [InlineData("bytes", "ffffffff6161616161", "element 0 with a length of 4294967295 bytes, of which 5 are there")]
    [InlineData("bytes", "000000000000000000", "1 byte behind the 2 elements")]
    public async Task Elements_that_are_none_are_400(string type, string hex, string sentence)
    {
        var data = Convert.FromHexString(hex);
        var answer = await InferAsync($"v2-{type}", $$$"""{"inputs":[{"name":"x","shape":[1,2],"datatype":"{{{type.ToUpperInvariant()}}}","parameters":{"binary_data_size":{{{data.Length}}}}}]}""", data);

        Assert.Equal(400, answer.Status);
        Assert.Contains(sentence, Text(answer));
    }

    [Fact]
    public async Task A_body_that_is_the_only_input_needs_no_JSON()
    {
        var (head, tail) = Split(await InferAsync("v2-fp32", "", [0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64]));
        Assert.Equal("[2,2]", JsonNode.Parse(head)!["outputs"]![0]!["shape"]!.ToJsonString());
        Assert.Equal([1, 2, 3, 4], MemoryMarshal.Cast<byte, float>(tail).ToArray());

        Assert.Contains("got 7 bytes", Text(await InferAsync("v2-fp32", "", new byte[7])));
        Assert.Contains("with one input, and this one has 2", Text(await InferAsync("v2-two", "", new byte[8])));
        Assert.Contains("got 2 bytes", Text(await InferAsync("v2-bytes", "", "ab"u8.ToArray())));
        await _client.UploadAsync("v2-text", OnnxModel.Identity(Datatype.Bytes, -1));
        Assert.Equal("020000006162", Convert.ToHexStringLower(Split(await InferAsync("v2-text", "", "ab"u8.ToArray())).Tail));
    }

    [Fact]
    public async Task A_list_of_maps_is_a_tensor_of_values_and_one_of_keys()
    {
        var answer = JsonNode.Parse(Text(await InferAsync("v2-zipmap", """{"inputs":[{"name":"float_input","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}]}""")))!;
        var own = await _client.PredictAsync("v2-zipmap", """{"values":[[1,2,3,4],[5,6,7,8]]}""");
        var metadata = await _client.GetJsonAsync("/v2/models/v2-zipmap");

        var (values, keys) = (answer["outputs"]![1]!, answer["outputs"]![2]!);
        Assert.Equal(("output_probability", "FP32", "[2,3]"), ((string?)values["name"], (string?)values["datatype"], values["shape"]!.ToJsonString()));
        Assert.Equal(("output_probability.keys", "INT64", "[3]"), ((string?)keys["name"], (string?)keys["datatype"], keys["shape"]!.ToJsonString()));
        var maps = own.Body["outputs"]!["output_probability"]!.AsArray().Select(map => map!.AsObject()).ToList();
        Assert.Equal(maps[0].Select(pair => pair.Key), keys["data"]!.AsArray().Select(key => $"{key}"));
        Assert.Equal(maps.SelectMany(map => map.Select(pair => pair.Value!.ToJsonString())), values["data"]!.AsArray().Select(value => value!.ToJsonString()));
        Assert.Equal(
            """[{"name":"output_label","datatype":"INT64","shape":[-1]},{"name":"output_probability","datatype":"FP32","shape":[-1,-1]},{"name":"output_probability.keys","datatype":"INT64","shape":[-1]}]""",
            metadata.Body["outputs"]!.ToJsonString());
    }

    [Fact]
    public async Task The_numbers_are_those_of_the_own_route()
    {
        var own = await _client.PredictAsync("v2-linear", """{"values":[[5.1,3.5,1.4,0.2],[1,2,3,4]]}""");
        var answer = JsonNode.Parse(Text(await InferAsync("v2-linear", """{"inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2,1,2,3,4]}]}""")))!;

        Assert.Equal(
            own.Body["outputs"]!["probabilities"]!.AsArray().SelectMany(row => row!.AsArray()).Select(value => value!.ToJsonString()),
            answer["outputs"]![1]!["data"]!.AsArray().Select(value => value!.ToJsonString()));
    }

    [Fact]
    public async Task Words_for_numbers_are_read_where_the_model_takes_missing_values()
    {
        await _client.UploadAsync("v2-nan", OnnxModel.Identity(Datatype.Fp32, -1, 2));
        const string body = """{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[NaN,-Infinity]}]}""";
        Assert.Equal(400, (await RefusedAsync("v2-nan", body)).Status);
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/v2-nan", """{"settings":{"missing":"nan"}}""");

        Assert.Contains("""["NaN","-Infinity"]""", Text(await InferAsync("v2-nan", body)));
    }

    private async Task<(int Status, string Error)> RefusedAsync(string path, string body, string? length = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{path}/infer") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (length is not null)
            request.Headers.TryAddWithoutValidation(JsonLength, length);
        using var response = await _client.SendAsync(request);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        Assert.Equal("error", Assert.Single(error).Key);
        return ((int)response.StatusCode, (string)error["error"]!);
    }

    private async Task<Reply> InferAsync(string path, string json, byte[]? binary = null)
    {
        var head = Encoding.UTF8.GetBytes(json);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{path}/infer") { Content = new ByteArrayContent([.. head, .. binary ?? []]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(binary is null ? "application/json" : "application/octet-stream");
        if (binary is not null)
            request.Headers.Add(JsonLength, $"{head.Length}");
        using var response = await _client.SendAsync(request);
        var content = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(response.Content.Headers.ContentLength ?? content.Length, content.Length);
        return new Reply((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers.TryGetValues(JsonLength, out var length) ? int.Parse(length.Single()) : null, content);
    }

    private static string Text(Reply answer) => Encoding.UTF8.GetString(answer.Content);

    private static (string Head, byte[] Tail) Split(Reply answer)
    {
        Assert.True(answer.JsonLength is not null, Text(answer));
        return (Encoding.UTF8.GetString(answer.Content[..answer.JsonLength!.Value]), answer.Content[answer.JsonLength.Value..]);
    }

    private sealed record Reply(int Status, string? Type, int? JsonLength, byte[] Content);
}
