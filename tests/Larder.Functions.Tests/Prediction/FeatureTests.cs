using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Prediction;

/// <summary>Versions that name the columns of their input: where the names come from, and what predictions make of them.</summary>
[Collection(nameof(SharedLarder))]
public sealed class FeatureTests(LarderFixture larder)
{
    private static readonly byte[] Three = OnnxModel.Identity(Datatype.Fp32, "batch", 3);

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Records_and_columns_are_matched_by_name_and_what_does_not_match_is_named()
    {
        var uploaded = await _client.UploadAsync("feature-names", Three, fields: [("features", """["a",{"name":"b","type":"length","unit":"cm","missing":true},{"name":"c","default":0.5}]""")]);
        Assert.True(uploaded.Code == 201, uploaded.Description);
        Assert.Equal("""[{"name":"a"},{"name":"b","type":"length","unit":"cm","missing":true},{"name":"c","default":0.5}]""", uploaded.Body["version"]!["features"]!.ToJsonString());

        foreach (var (values, expected) in new[]
        {
            ("""{"c":3,"a":1,"b":2}""", "[[1,2,3]]"), ("""[{"c":3,"a":1,"b":2},{"a":4,"b":5,"c":6}]""", "[[1,2,3],[4,5,6]]"), ("""{"c":[3],"a":[1],"b":[2]}""", "[[1,2,3]]"),
            ("[1,2,3]", "[[1,2,3]]"), ("""{"x":[1,2,3]}""", "[[1,2,3]]"),
            ("""{"c":null,"a":1,"b":null}""", """[[1,"NaN",0.5]]"""), ("[1,NaN,null]", """[[1,"NaN",0.5]]"""),
        })
        {
            var answer = await _client.PredictAsync("feature-names", $$"""{"values":{{values}}}""");
            Assert.True(answer.Code == 200, answer.Description);
            Assert.Equal(expected, answer.Body["values"]!.ToJsonString());
        }

        foreach (var (values, sentence) in new[]
        {
            ("""{"c":3,"a":1}""", "values lacks the column b"), ("""{"c":3,"a":1,"d":2}""", "values has d, which is no column of the model; its columns are a, b, c"),
            ("""{"c":3,"a":1,"c":2}""", "values has c twice"), ("""{"c":3,"a":null,"b":2}""", "x expects FP32 [-1,3]; got null in row 0, column 'a': a missing value"),
        })
        {
            var refused = await _client.PredictAsync("feature-names", $$"""{"values":{{values}}}""");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
            Assert.StartsWith(sentence, refused.Description);
        }
    }

    [Theory]
    [InlineData("""["a","b"]""", "There are 2 features, and x FP32 [-1,3] has 3 columns")]
    [InlineData("""["a","b","a"]""", "is there twice")]
    [InlineData("""["a","b","x"]""", "which is the name of the whole input")]
    [InlineData("""["a","b",""]""", "cannot be a feature's name")]
    [InlineData("""["a","b","c\u0007"]""", "cannot be a feature's name")]
    [InlineData("""["a","b",7]""", "A feature is a name, or an object with a name.")]
    [InlineData("""["a","b",null]""", "cannot be a feature's name")]
    [InlineData("""["a","b",{"name":"c","default":"7"}]""", "The default of the feature 'c' must be a value of FP32")]
    [InlineData("""["a","b",{"name":"c","defualt":7}]""", "and no other member")]
    [InlineData("""{"a":1}""", "as features are")]
    public async Task Features_that_cannot_be_are_refused_before_anything_is_stored(string features, string sentence)
    {
        var refused = await _client.UploadAsync("feature-refused", Three, fields: [("features", features)]);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Contains(sentence, refused.Description);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/feature-refused")).Status);
    }

    [Fact]
    public async Task A_version_is_edited_under_its_reference_with_a_record_of_the_change()
    {
        await _client.UploadAsync("feature-edit", Three);
        var nameless = await _client.PredictAsync("feature-edit", """{"values":{"c":3,"a":1,"b":2}}""");
        Assert.StartsWith("values has c, which the model does not take", nameless.Description);

        var edited = await _client.SendJsonAsync(
            HttpMethod.Post, "/api/v1/models/feature-edit:1", """{"description":"d","source":"s","tags":{"k":"v"},"labels":["no","yes"],"features":["a","b","c"]}""");
        Assert.True(edited.Code == 200, edited.Description);
        Assert.Equal("""["no","yes"]""", edited.Body["version"]!["labels"]!.ToJsonString());
        Assert.Equal("[[1,2,3]]", (await _client.PredictAsync("feature-edit", """{"values":{"c":3,"a":1,"b":2}}""")).Body["values"]!.ToJsonString());
        var read = (await _client.GetJsonAsync("/api/v1/models/feature-edit:1")).Body["version"]!;
        Assert.Equal(("d", "s", "v"), ((string)read["description"]!, (string)read["source"]!, (string)read["tags"]!["k"]!));

        var record = (await _client.GetJsonAsync("/api/v1/audit?subject=model:feature-edit:1")).Body["records"]![0]!;
        Assert.Equal("update_version", (string)record["what"]!);
        Assert.Equal("[]", record["before"]!["features"]!.ToJsonString());
        Assert.Equal("""[{"name":"a"},{"name":"b"},{"name":"c"}]""", record["after"]!["features"]!.ToJsonString());

        foreach (var (path, body, status, sentence) in new[]
        {
            ("feature-edit:1", """{"features":["a"]}""", 422, "There are 1 features"), ("feature-edit:1", """{"sha256":"0"}""", 422, "'sha256' is not known"),
            ("feature-edit:1", "{}", 422, "Nothing to change"), ("feature-edit:1", """{"labels":[null]}""", 422, "cannot be a label"), ("feature-edit:1", """{"source":""}""", 422, "printable"), ("feature-edit:2", """{"description":"d"}""", 404, "no version 2"),
            ("feature-edit:none", """{"description":"d"}""", 404, "no alias none"),
        })
        {
            var refused = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{path}", body);
            Assert.Equal((status, true), (refused.Code, refused.Description.Contains(sentence)));
        }
    }

    [Theory]
    [InlineData("feature_names", """["a","b","c"]""", "a,b,c")]
    [InlineData("features", "a, b,c", "a,b,c")]
    [InlineData("feature_names_in_", """{"0":"a","1":"b","2":"c"}""", "a,b,c")]
    [InlineData("feature_names", "{0: 'a', 1: \"b\", 2: 'c'}", "a,b,c")]
    [InlineData("feature_names", "['a', 'b', 'c']", "a,b,c")]
    [InlineData("feature_names", "['a', 'b', 3]", "")]
    [InlineData("feature_names", """["a","b"]""", "")]
    [InlineData("feature_names", """["a","b","b"]""", "")]
    [InlineData("feature_names", "[", "")]
    public async Task Without_fields_the_names_are_those_of_the_file_s_metadata_if_they_fit(string key, string value, string expected)
    {
        var model = new OnnxModel().Input("x", Datatype.Fp32, "batch", 3).Output("y", Datatype.Fp32, "batch", 3).Node("Identity", ["x"], ["y"]).Metadata(key, value).ToBytes();
        var version = (await _client.UploadAsync("feature-metadata", model)).Body["version"]!;
        Assert.Equal(expected, string.Join(',', version["features"]!.AsArray().Select(feature => (string)feature!["name"]!)));

        var told = (await _client.UploadAsync("feature-metadata", model, fields: [("features", """["p","q","r"]""")])).Body["version"]!;
        Assert.Equal("p", (string)told["features"]![0]!["name"]!);
    }

    [Fact]
    public async Task Missing_values_are_taken_where_the_graph_or_the_settings_say_so()
    {
        var imputer = new OnnxModel().Input("x", Datatype.Fp32, "batch", 2).Output("y", Datatype.Fp32, "batch", 2).Opset("ai.onnx.ml", 1)
            .Node(new OnnxNode("Imputer", ["x"], ["y"], "ai.onnx.ml").Floats("imputed_value_floats", 7, 8).Float("replaced_value_float", float.NaN)).ToBytes();
        var uploaded = await _client.UploadAsync("missing-imputer", imputer);
        Assert.True((bool)uploaded.Body["version"]!["takes_missing"]!);
        Assert.Equal("[[1,8],[7,2]]", (await _client.PredictAsync("missing-imputer", """{"values":[[1,null],["NaN",2]]}""")).Body["values"]!.ToJsonString());

        await SetAsync("missing-imputer", "refuse");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.PredictAsync("missing-imputer", """{"values":[[1,null]]}""")).Status);

        await _client.UploadAsync("missing-set", Three);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.PredictAsync("missing-set", """{"values":[1,null,3]}""")).Status);
        await SetAsync("missing-set", "nan");
        Assert.Equal("""[["Infinity","NaN","-Infinity"]]""", (await _client.PredictAsync("missing-set", """{"values":["Infinity",NaN,-Infinity]}""")).Body["values"]!.ToJsonString());
        var refused = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/missing-set", """{"settings":{"missing":"NaN"}}""");
        Assert.Equal((422, "missing must be refuse or nan, or null; got NaN."), (refused.Code, refused.Description));

        async Task SetAsync(string model, string missing) => Assert.Equal(
            200, (await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{model}", $$$"""{"settings":{"missing":"{{{missing}}}"}}""")).Code);
    }

    [Fact]
    public async Task Names_of_classes_stand_beside_the_numbers_where_a_version_has_labels()
    {
        const string Rows = """{"values":[[0,0,0,9],[9,0,0,0]]}""";
        await _client.UploadAsync("labels-plain", OnnxModel.Linear());
        var plain = await _client.PredictAsync("labels-plain", Rows);
        Assert.Null(plain.Body["labels"]);
        string[] names = ["zero", "\"öne\"", "two"];
        await _client.UploadAsync("labels", OnnxModel.Linear(), fields: [("labels", System.Text.Json.JsonSerializer.Serialize(names))]);

        var labelled = await _client.PredictAsync("labels", Rows);

        Assert.Equal(plain.Body["outputs"]!.ToJsonString(), labelled.Body["outputs"]!.ToJsonString());
        Assert.Equal(
            labelled.Body["outputs"]!["label"]!.AsArray().Select(number => names[(int)number!]),
            labelled.Body["labels"]!["label"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(["http_status", "values", "outputs", "labels"], labelled.Body.AsObject().Select(member => member.Key));

        // A class without a name; and scores alone, where the highest counts.
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/labels:1", """{"labels":["zero"]}""");
        Assert.Equal(
            labelled.Body["outputs"]!["label"]!.AsArray().Select(number => (int)number! == 0 ? "zero" : null),
            (await _client.PredictAsync("labels", Rows)).Body["labels"]!["label"]!.AsArray().Select(name => (string?)name));
        await _client.UploadAsync("labels-scores", Three, fields: [("labels", """["a","b","c"]""")]);
        Assert.Equal("""{"y":["c","a"]}""", (await _client.PredictAsync("labels-scores", """{"values":[[1,2,3],[6,5,4]]}""")).Body["labels"]!.ToJsonString());
    }

    [Theory]
    [InlineData("models/{0}/prediction?verson=3", """{"values":[1,2,3]}""", "verson")]
    [InlineData("models/{0}/prediction", """{"values":[1,2,3],"verson":3}""", "verson")]
    [InlineData("models/{0}/download?version=1", null, "version")]
    [InlineData("models?details=true", null, "details")]
    [InlineData("models/information?detail=true", null, "detail")]
    [InlineData("models/{0}?verson=3", null, "verson")]
    public async Task A_parameter_or_member_that_is_not_known_is_refused_and_named(string path, string? body, string name)
    {
        await _client.UploadAsync("unknown-said", Three);
        var (method, full) = (body is null ? HttpMethod.Get : HttpMethod.Post, $"/api/v1/{string.Format(path, "unknown-said")}");

        var refused = await _client.SendJsonAsync(method, full, body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Contains($"'{name}' is not known", refused.Description);

        // The host's name for a key is known everywhere.
        using var request = new HttpRequestMessage(method, $"{full.Split('?')[0]}?code=x") { Content = body is null ? null : new StringContent("""{"values":[1,2,3]}""") };
        using var answer = await _client.SendAsync(request);
        Assert.NotEqual(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }
}
