using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.MLflowScoring;

namespace Larder.Functions.Tests.AzureMl;

/// <summary>The routes of an Azure ML online endpoint: a case for each rule.</summary>
[Collection(nameof(ServingLarder))]
public sealed class ScoreTests(ServingFixture larder)
{
    private const string Rows = "[[5.1,3.5,1.4,0.2],[1,2,3,4]]";
    private const string Body = $$$"""{"input_data":{"columns":["a","b","c","d"],"index":[0,1],"data":{{{Rows}}}}}""";

    [Theory]
    [InlineData(Body)]
    [InlineData($$$"""{"other":1,"input_data":{"data":[[0.2,1.4,3.5,5.1,0],[4,3,2,1,0]],"columns":["d","c","b","a","e"]}}""")]
    [InlineData("""{"input_data":[{"d":0.2,"a":5.1,"b":3.5,"c":1.4},{"a":1,"b":2,"c":3,"d":4,"e":5}]}""")]
    [InlineData($$"""{"input_data":{{Rows}}}""")]
    [InlineData($$$"""{"input_data":{"x":{{{Rows}}}}}""")]
    [InlineData("""{"input_data":{"a":[5.1,1],"b":[3.5,2],"c":[1.4,3],"d":[0.2,4]}}""")]
    public async Task Each_form_of_input_data_gives_the_numbers_of_the_own_route_as_a_bare_list(string body)
    {
        var own = (await larder.Client.PredictAsync("served", $$"""{"values":{{Rows}}}""")).Body["outputs"]!;

        var (status, answer, type, _) = await larder.PostAsync("/score", body);

        Assert.True(status == 200, answer);
        Assert.Equal("application/json", type);
        Assert.Equal(
            Enumerable.Range(0, 2).Select(row => $$"""{"label":{{own["label"]![row]!.ToJsonString()}},"probabilities":{{own["probabilities"]![row]!.ToJsonString()}}}"""),
            JsonNode.Parse(answer)!.AsArray().Select(record => record!.ToJsonString()));
    }

    [Theory]
    [InlineData("", "application/json", 400, "The JSON is not valid")]
    [InlineData("[]", "application/json", 400, "The body must be a JSON object {\"input_data\": ...}.")]
    [InlineData("{}", "application/json", 400, "The body must be a JSON object {\"input_data\": ...}.")]
    [InlineData("""{"data":[[1,2,3,4]]}""", "application/json", 400, "The body must be a JSON object {\"input_data\": ...}.")]
    [InlineData("""{"input_data":7}""", "application/json", 400, "x expects FP32 [-1,4]; got a number")]
    [InlineData("""{"input_data":[[1,2,3]]}""", "application/json", 400, "x expects FP32 [-1,4]; got 3 values in row 0")]
    [InlineData("""{"input_data":{"columns":["a"],"data":[[1]]}}""", "application/json", 400, "Failed to enforce schema of the data. Error: Model is missing inputs ['b', 'c', 'd'].")]
    [InlineData("""{"input_data":{"columns":["a"],"data":[[1]],"data":[[1]]}}""", "application/json", 400, "data is given twice.")]
    [InlineData("""{"input_data":{"columns":["a","b","c","d"],"data":[[1,2,3,"4"]]}}""", "application/json", 400, "Failed to enforce schema of the data. Error: Incompatible input types for column d. Can not safely convert object to float32.")]
    [InlineData("""{"input_data":{"columns":["a","b","c","d"],"data":[[1,2,3""", "application/json", 400, "The JSON is not valid")]
    [InlineData("a,b,c,d\n1,2,3,4", "text/csv", 415, "This takes JSON; the Content-Type 'text/csv' is not read here.")]
    public async Task An_error_is_a_message(string body, string type, int status, string sentence)
    {
        var (answered, answer, _, _) = await larder.PostAsync("/score", body, type);

        Assert.Equal(status, answered);
        var error = JsonNode.Parse(answer)!.AsObject();
        Assert.Equal(["message"], error.Select(member => member.Key));
        Assert.StartsWith(sentence, (string?)error["message"]);
    }

    [Theory]
    [InlineData("PUT", "/score", 405)]
    [InlineData("POST", "/score/x", 404)]
    [InlineData("POST", "/swagger.json", 405)]
    public async Task Other_errors_are_in_the_same_form(string method, string path, int status)
    {
        var (answered, answer, _, _) = await larder.SendAsync(new HttpMethod(method), path, "{}"u8.ToArray(), "application/json");

        Assert.Equal((status, "message"), (answered, JsonNode.Parse(answer)!.AsObject().Single().Key));
    }

    [Fact]
    public async Task The_methods_are_POST_GET_and_OPTIONS()
    {
        Assert.Equal(200, (await larder.SendAsync(HttpMethod.Get, "/score", System.Text.Encoding.UTF8.GetBytes(Body), "application/json")).Status);

        var (status, body, _, headers) = await larder.SendAsync(HttpMethod.Options, "/score", null, null);

        Assert.Equal((200, ""), (status, body));
        Assert.True(headers.Contains("x-ms-server-version"));
    }

    [Fact]
    public async Task Request_ids_are_repeated_and_each_has_at_most_100_characters()
    {
        var most = new string('i', 100);
        var (status, _, _, headers) = await larder.PostAsync("/score", Body, "application/json", ("x-request-id", "a"), ("x-ms-client-request-id", most), ("x-ms-request-id", "c d"));
        Assert.Equal((200, "a", most, "c d"), (status, Header("x-request-id"), Header("x-ms-client-request-id"), Header("x-ms-request-id")));
        Assert.True(double.Parse(Header("x-ms-run-fn-exec-ms"), System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.StartsWith("larder/", Header("x-ms-server-version"));

        foreach (var name in new[] { "x-request-id", "x-ms-client-request-id", "x-ms-request-id" })
        {
            var (refused, answer, _, _) = await larder.PostAsync("/score", Body, "application/json", (name, most + "i"));
            Assert.Equal((431, $"{name} has 101 characters; 100 is the most."), (refused, (string?)JsonNode.Parse(answer)!["message"]));
        }

        (_, _, _, headers) = await larder.PostAsync("/score", Body);
        Assert.NotEmpty(Header("x-request-id"));

        string Header(string name) => headers.GetValues(name).Single();
    }

    [Fact]
    public async Task A_deployment_is_an_alias_or_a_version()
    {
        foreach (var (deployment, version) in new[] { ("blue", "1"), ("1", "1"), ("2", "2") })
        {
            var (_, _, _, headers) = await larder.PostAsync("/score", Body, "application/json", ("azureml-model-deployment", deployment));
            Assert.Equal((version, deployment), (headers.GetValues("Larder-Model-Version").Single(), headers.GetValues("azureml-model-deployment").Single()));
        }

        Assert.Equal(404, (await larder.PostAsync("/score", Body, "application/json", ("azureml-model-deployment", "green"))).Status);
    }

    [Theory]
    [InlineData("", "swagger", "2.0")]
    [InlineData("?version=2", "swagger", "2.0")]
    [InlineData("?version=3", "openapi", "3.0.3")]
    [InlineData("?version=3.1", "openapi", "3.1.0")]
    public async Task The_document_describes_the_route_of_the_model(string query, string member, string version)
    {
        var (status, body, _, _) = await larder.SendAsync(HttpMethod.Get, $"/swagger.json{query}", null, null);

        Assert.Equal(200, status);
        var document = JsonNode.Parse(body)!;
        Assert.Equal((version, "served", "2"), ((string?)document[member], (string?)document["info"]!["title"], (string?)document["info"]!["version"]));
        var schemas = document[member == "swagger" ? "definitions" : "components"]!;
        if (member == "openapi")
            schemas = schemas["schemas"]!;
        Assert.Equal("""["a","b","c","d"]""", schemas["ServiceInput"]!["properties"]!["input_data"]!["properties"]!["columns"]!["example"]!.ToJsonString());
        Assert.Equal("""{"type":"object","properties":{"label":{"type":"integer"},"probabilities":{"type":"array","items":{"type":"number"}}}}""", schemas["ServiceOutput"]!["items"]!.ToJsonString());
        Assert.True(document["paths"]!["/score"]!["post"]!["responses"]!["200"] is not null);
    }

    [Fact]
    public async Task Another_version_of_the_document_is_404()
    {
        var (status, body, _, _) = await larder.SendAsync(HttpMethod.Get, "/swagger.json?version=4", null, null);

        Assert.Equal((404, "There is no document of version '4': version must be 2, 3 or 3.1."), (status, (string?)JsonNode.Parse(body)!["message"]));
    }

    [Fact]
    public async Task A_model_without_columns_is_described_by_its_inputs()
    {
        var storage = await Larder.Testing.Azurite.AccountAsync();
        await using var other = await LarderProcess.StartAsync(storage, ("Serving:Model", "image"));
        await other.Client.UploadAsync("image", Larder.Testing.Onnx.OnnxModel.Identity(Larder.Inference.Signatures.Datatype.Fp32, "n", 1, 2, 2));

        var document = JsonNode.Parse(await other.Client.GetStringAsync("/swagger.json"))!;

        Assert.Equal("""["x"]""", new JsonArray([.. document["definitions"]!["ServiceInput"]!["properties"]!["input_data"]!["properties"]!.AsObject().Select(member => JsonValue.Create(member.Key))]).ToJsonString());
        Assert.Equal("[[[[1,2],[3,4]]]]", await (await other.Client.PostAsync("/score", new StringContent("""{"input_data":{"x":[[[[1,2],[3,4]]]]}}""", System.Text.Encoding.UTF8, "application/json"))).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Without_a_configured_model_the_routes_are_404()
    {
        var storage = await Larder.Testing.Azurite.AccountAsync();
        await using var other = await LarderProcess.StartAsync(storage);

        foreach (var (method, path) in new[] { ("POST", "/score"), ("GET", "/swagger.json"), ("POST", "/invocations") })
        {
            using var answer = await other.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "POST" ? new StringContent(Body, System.Text.Encoding.UTF8, "application/json") : null });
            Assert.Equal((404, true), ((int)answer.StatusCode, (await answer.Content.ReadAsStringAsync()).Contains("the setting Serving:Model names it")));
        }

        foreach (var probe in new[] { "/ping", "/health" })
            Assert.Equal(404, (int)(await other.Client.GetAsync(probe)).StatusCode);
    }
}
