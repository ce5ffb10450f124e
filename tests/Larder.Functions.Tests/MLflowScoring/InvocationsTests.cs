using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.MLflowScoring;

/// <summary>MLflow's scoring protocol (mlflow/pyfunc/scoring_server): a case for each rule.</summary>
[Collection(nameof(ServingLarder))]
public sealed class InvocationsTests(ServingFixture larder)
{
    private const string Fields = "Invalid input. The input must be a JSON dictionary with exactly one of the input fields {'dataframe_split', 'dataframe_records', 'instances', 'inputs'}. Received ";

    [Theory]
    [InlineData("whole", """{"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3,4]]}}""", "[[1,2],[3,4]]")]
    [InlineData("whole", """{"dataframe_split":{"data":[[1,2],[3,4]],"index":[7,8],"columns":["b","a"]}}""", "[[2,1],[4,3]]")]
    [InlineData("whole", """{"dataframe_split":{"columns":["b","other","a"],"data":[[1,{"x":[]},2]]}}""", "[[2,1]]")]
    [InlineData("whole", """{"dataframe_split":{"columns":["a","b"],"data":[]}}""", "[]")]
    [InlineData("whole", """{"dataframe_records":[{"b":2,"a":1},{"a":3,"b":4,"other":[5]}]}""", "[[1,2],[3,4]]")]
    [InlineData("whole", """{"dataframe_records":[]}""", "[]")]
    [InlineData("whole", """{"instances":[[1,2],[3,4]]}""", "[[1,2],[3,4]]")]
    [InlineData("whole", """{"instances":[{"x":[1,2]},{"x":[3,4]}]}""", "[[1,2],[3,4]]", true)]
    [InlineData("whole", """{"inputs":[[1,2]]}""", "[[1,2]]")]
    [InlineData("whole", """{"inputs":{"x":[[1,2]]}}""", "[[1,2]]")]
    [InlineData("whole", """{"other":1,"inputs":[[1,2]],"params":null}""", "[[1,2]]")]
    [InlineData("nameless", """{"dataframe_split":{"columns":["q","r","s"],"data":[[1,2,3.5]]}}""", "[[1,2,3.5]]")]
    [InlineData("nameless", """{"dataframe_split":{"columns":[0,1,2],"data":[[1,2,3]]}}""", "[[1,2,3]]")]
    [InlineData("nameless", """{"dataframe_split":{"data":[[1,2,3]]}}""", "[[1,2,3]]")]
    [InlineData("nameless", """{"dataframe_split":{"columns":["x_2","x_1","x_0"],"data":[[1,2,3]]}}""", "[[3,2,1]]")]
    [InlineData("nameless", """{"dataframe_records":[{"q":1,"r":2,"s":3},{"s":6,"r":5,"q":4}]}""", "[[1,2,3],[4,5,6]]")]
    [InlineData("missing", """{"dataframe_split":{"columns":["a","b"],"data":[[1,NaN]]}}""", """[[1,"NaN"]]""")]
    [InlineData("missing", """{"dataframe_records":[{"a":1,"b":null}]}""", """[[1,"NaN"]]""")]
    [InlineData("mixed", """{"dataframe_split":{"columns":["city","rooms","age"],"data":[["a",3,1],["ö",4,2]]}}""", """[{"y":[2],"r":[3],"c":["a"]},{"y":[4],"r":[4],"c":["\u00F6"]}]""")]
    [InlineData("mixed", """{"dataframe_records":[{"city":"a","rooms":3,"age":1,"scale":5}]}""", """[{"y":[5],"r":[3],"c":["a"]}]""")]
    [InlineData("mixed", """{"instances":[{"city":["a"],"rooms":[3],"age":[1]},{"city":["b"],"rooms":[4],"age":[2]}]}""", """[{"y":[2],"r":[3],"c":["a"]},{"y":[4],"r":[4],"c":["b"]}]""")]
    [InlineData("mixed", """{"inputs":{"city":[["a"]],"rooms":[[3]],"age":[[1]],"scale":[[7]]}}""", """[{"y":[7],"r":[3],"c":["a"]}]""")]
    [InlineData("wide", """{"dataframe_split":{"columns":["t","x_0","x_1"],"data":[["a",1,2]]}}""", """[{"y":[1,2],"u":"a"}]""")]
    [InlineData("wide", """{"dataframe_records":[{"t":"a","x":[1,2]},{"x":[3,4],"t":"b"}]}""", """[{"y":[1,2],"u":"a"},{"y":[3,4],"u":"b"}]""")]
    [InlineData("wide", """{"instances":[{"t":"a","x":[1,2]}]}""", """[{"y":[1,2],"u":"a"}]""")]
    [InlineData("sums", """{"instances":[[1,2],[3,4]]}""", """{"y":[[1,2],[3,4]],"sum":10}""")]
    public async Task Each_form_is_read_and_answered(string model, string body, string expected, bool isByInput = false)
    {
        // A model with names for the columns of its only input does not take that input's name in a row.
        if (isByInput)
            model = "nameless-whole";
        if (isByInput)
            await larder.Client.UploadAsync(model, Testing.Onnx.OnnxModel.Identity(Inference.Signatures.Datatype.Int64, "n", 2));

        var (status, answer, type, headers) = await larder.PostAsync($"/api/v1/models/{model}/invocations", body);

        Assert.True(status == 200, answer);
        Assert.Equal(("application/json", $$"""{"predictions":{{expected}}}"""), (type, answer));
        Assert.Equal("1", headers.GetValues("Larder-Model-Version").Single());
    }

    [Theory]
    [InlineData("whole", "b,other,a\n1,x,2\n3,y,4\n", "[[2,1],[4,3]]")]
    [InlineData("nameless", "q,r,s\n1,2,3.5", "[[1,2,3.5]]")]
    [InlineData("missing", "a,b\n1,\n", """[[1,"NaN"]]""")]
    [InlineData("mixed", "city,rooms,age\n\"a,\n\"\"b\"\"\",3,1\n", """[{"y":[2],"r":[3],"c":["a,\n\u0022b\u0022"]}]""")]
    public async Task CSV_with_a_header_is_read(string model, string csv, string expected)
    {
        foreach (var type in new[] { "text/csv", "text/csv; charset=utf-8", "text/csv;charset=UTF-8" })
        {
            var (status, answer, _, _) = await larder.PostAsync($"/api/v1/models/{model}/invocations", csv, type);
            Assert.Equal((200, $$"""{"predictions":{{expected}}}"""), (status, answer));
        }
    }

    [Theory]
    [InlineData("application/xml", "This predictor only supports the following content types: Types: ['text/csv', 'application/json']. Got 'application/xml'.")]
    [InlineData("application/x-www-form-urlencoded", "This predictor only supports the following content types: Types: ['text/csv', 'application/json']. Got 'application/x-www-form-urlencoded'.")]
    [InlineData(null, "This predictor only supports the following content types: Types: ['text/csv', 'application/json']. Got 'None'.")]
    [InlineData("application/json; charset=latin-1", "The scoring server only supports UTF-8")]
    [InlineData("text/csv; charset=utf-16", "The scoring server only supports UTF-8")]
    [InlineData("application/json; format=pandas-split", "Unrecognized content type parameters: format. ")]
    [InlineData("text/csv; header=present; charset=utf-8", "Unrecognized content type parameters: header. ")]
    public async Task Another_media_type_charset_or_parameter_is_415_as_plain_text(string? type, string sentence)
    {
        var (status, answer, media, _) = await larder.PostAsync("/invocations", """{"inputs":[[1,2,3,4]]}""", type);

        Assert.Equal((415, "text/plain"), (status, media));
        Assert.StartsWith(sentence, answer);
    }

    [Theory]
    [InlineData("[]", Fields + "a list.")]
    [InlineData("7", Fields + "unexpected input type.")]
    [InlineData("{}", Fields + "dictionary with input fields: [].")]
    [InlineData("""{"values":[1]}""", Fields + "dictionary with input fields: ['values'].")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", Fields + "dictionary with input fields: ['messages'].")]
    [InlineData("""{"instances":[],"inputs":[]}""", Fields + "dictionary with input fields: ['instances', 'inputs'].")]
    [InlineData("", "Invalid input. Ensure that input is a valid JSON formatted string. Error: ")]
    [InlineData("""{"inputs":[[1,2]""", "Invalid input. Ensure that input is a valid JSON formatted string. Error: line 1, byte 17")]
    [InlineData("""{"inputs":[[1,2]]} x""", "Invalid input. Ensure that input is a valid JSON formatted string. Error: ")]
    [InlineData("""{"inputs":[[1,2]],"inputs":[[1,2]]}""", "inputs is given twice.")]
    [InlineData("""{"signature_name":"s","inputs":[[1,2]]}""", "Failed to parse data as TF serving input. \"signature_name\" parameter is currently not supported.")]
    [InlineData("""{"instances":[1]}""", "x expects INT64 [-1,2]; got ")]
    [InlineData("""{"instances":7}""", "instances must be a list; got a number")]
    [InlineData("""{"inputs":{"y":[[1,2]]}}""", "inputs has y, which the model does not take")]
    [InlineData("""{"inputs":[[1,2]],"params":7}""", "params must be a JSON dictionary.")]
    [InlineData("""{"inputs":[[1,2]],"params":{"top":"many"}}""", "The parameter top must be a whole number.")]
    [InlineData("""{"inputs":[[1,2]],"params":{"top":0}}""", "top must be a whole number from 1 to 1000.")]
    [InlineData("""{"inputs":[[1,2]],"params":{"activation":"tanh"}}""", "activation must be ")]
    [InlineData("""{"dataframe_split":[]}""", "dataframe_split must be an object with data, and with columns and index if you like.")]
    [InlineData("""{"dataframe_split":{"columns":["a","b"]}}""", "dataframe_split must be an object with data, ")]
    [InlineData("""{"dataframe_split":{"columns":["a","b"],"data":[[1,2]],"dtype":1}}""", "dataframe_split must be an object with data, ")]
    [InlineData("""{"dataframe_split":{"columns":["a","b"],"data":7}}""", "data of dataframe_split must be a list of rows, each a list of values.")]
    [InlineData("""{"dataframe_split":{"columns":"a","data":[[1,2]]}}""", "columns of dataframe_split must be a list of names.")]
    [InlineData("""{"dataframe_split":{"columns":["a",null],"data":[[1,2]]}}""", "columns of dataframe_split must be a list of names.")]
    [InlineData("""{"dataframe_split":{"columns":["a","\ud800"],"data":[[1,2]]}}""", "A name in columns of dataframe_split is not well-formed Unicode.")]
    [InlineData("""{"dataframe_split":{"columns":["a","b","a"],"data":[[1,2,3]]}}""", "dataframe_split has a twice")]
    [InlineData("""{"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3]]}}""", "x expects INT64 [-1,2]; got 1 value in row 1, and there are 2 columns")]
    [InlineData("""{"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3,4,5]]}}""", "x expects INT64 [-1,2]; got 3 values in row 1, and there are 2 columns")]
    [InlineData("""{"dataframe_split":{"columns":["a","b"],"data":[[1,2],7]}}""", "x expects INT64 [-1,2]; got a number in row 1 where a list belongs")]
    [InlineData("""{"dataframe_records":{"a":1}}""", "x expects INT64 [-1,2]; got an object where a list of records belongs")]
    [InlineData("""{"dataframe_records":[{"a":1,"b":2},[1,2]]}""", "x expects INT64 [-1,2]; got a list in row 1 where an object belongs")]
    [InlineData("""{"dataframe_records":[{"a":1,"b":2,"b":3}]}""", "dataframe_records has b twice")]
    [InlineData("""{"dataframe_split":{"data":[[1,2]]}}""", "Failed to enforce schema of the data. Error: Model is missing inputs ['a', 'b']. Note that there were extra inputs: ['0', '1'].")]
    [InlineData("""{"dataframe_split":{"columns":["a","c"],"data":[[1,2]]}}""", "Failed to enforce schema of the data. Error: Model is missing inputs ['b']. Note that there were extra inputs: ['c'].")]
    [InlineData("""{"dataframe_records":[{"a":1}]}""", "Failed to enforce schema of the data. Error: Model is missing inputs ['b'].")]
    [InlineData("""{"dataframe_split":{"columns":["a","b"],"data":[[1,2.5]]}}""", "Failed to enforce schema of the data. Error: Incompatible input types for column b. Can not safely convert float64 to int64. ")]
    [InlineData("""{"dataframe_split":{"columns":["a","b"],"data":[[1,2.0]]}}""", "Failed to enforce schema of the data. Error: Incompatible input types for column b. Can not safely convert float64 to int64. ")]
    [InlineData("""{"dataframe_records":[{"a":1,"b":null}]}""", "Failed to enforce schema of the data. Error: Incompatible input types for column b. Can not safely convert float64 to int64. ")]
    [InlineData("""{"dataframe_records":[{"a":1,"b":"2"}]}""", "Failed to enforce schema of the data. Error: Incompatible input types for column b. Can not safely convert object to int64. ")]
    [InlineData("""{"dataframe_records":[{"a":true,"b":2}]}""", "Failed to enforce schema of the data. Error: Incompatible input types for column a. Can not safely convert bool to int64. ")]
    [InlineData("""{"dataframe_records":[{"a":9223372036854775808,"b":2}]}""", "Failed to enforce schema of the data. Error: Incompatible input types for column a. ")]
    public async Task A_wrong_request_is_400_with_a_code_and_a_sentence(string body, string sentence)
    {
        var (status, answer, type, _) = await larder.PostAsync("/api/v1/models/whole/invocations", body);

        Assert.Equal((400, "application/json"), (status, type));
        var error = JsonNode.Parse(answer)!.AsObject();
        Assert.Equal(["error_code", "message"], error.Select(member => member.Key));
        Assert.Equal("BAD_REQUEST", (string?)error["error_code"]);
        Assert.StartsWith(sentence, (string?)error["message"]);
    }

    [Theory]
    [InlineData("", "Failed to parse input as a Pandas DataFrame. The CSV is empty.")]
    [InlineData("a,b\n1,\"2", "Failed to parse input as a Pandas DataFrame. The CSV ends within quotes")]
    [InlineData("a,b\n1,\0", "Failed to parse input as a Pandas DataFrame. The CSV has a NUL")]
    [InlineData("a,b\n1,x", "Failed to parse input as a Pandas DataFrame. Row 0, column 'b': 'x' is not a number (INT64).")]
    [InlineData("a,b\n1,2.5", "Failed to parse input as a Pandas DataFrame. Row 0, column 'b': '2.5' is not an integer (INT64).")]
    [InlineData("a,b\n1", "Failed to parse input as a Pandas DataFrame. Row 0 has 1 field, and the header has 2 columns.")]
    [InlineData("a,c\n1,2", "Failed to enforce schema of the data. Error: Model is missing inputs ['b']. Note that there were extra inputs: ['c'].")]
    public async Task CSV_that_does_not_fit_is_400(string csv, string sentence)
    {
        var (status, answer, _, _) = await larder.PostAsync("/api/v1/models/whole/invocations", csv, "text/csv");

        Assert.Equal(400, status);
        Assert.StartsWith(sentence, (string?)JsonNode.Parse(answer)!["message"]);
    }

    [Theory]
    [InlineData("""{"inputs":{"x":[[1,2],[3,4]],"t":["a"]}}""")]
    [InlineData("""{"inputs":{"x":[[1,2]],"t":["a","b"]}}""")]
    public async Task Inputs_of_different_lengths_are_400(string body)
    {
        var (status, answer, _, _) = await larder.PostAsync("/api/v1/models/wide/invocations", body);

        Assert.Equal((400, "Failed to parse data as TF serving input. The length of values for each input/column name are not the same."), (status, (string?)JsonNode.Parse(answer)!["message"]));
    }

    [Fact]
    public async Task Hostile_bodies_are_4xx_and_the_server_goes_on()
    {
        var depth = new string('[', 100_000);
        string[] bodies =
        [
            $$"""{"inputs":{{depth}}""", $$"""{"instances":{{depth}}""", $$"""{"dataframe_split":{"data":{{depth}}""", $$"""{"dataframe_records":{{depth}}""", $$"""{"params":{{depth}}""",
            """{"dataframe_split":{"columns":[""" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"c{i}\"")) + """],"data":[[1]]}}""",
            """{"dataframe_records":[{"a":1,"b":2},""" + string.Join(',', Enumerable.Repeat("{}", 50_000)) + "]}",
            """{"dataframe_split":{"columns":["a","b"],"data":[[1,1e400]]}}""", """{"dataframe_records":[{"a":1,"b":"\ud800"}]}""", """{"\ud800":1}""", "{\"inputs\":[[1,2\0]]}", "\0", "{\"inputs\"", "{\"dataframe_split\":{\"columns\":[\"a\",\"b\"],\"data\":[[1,",
        ];

        foreach (var body in bodies)
        {
            var (status, answer, _, _) = await larder.PostAsync("/api/v1/models/whole/invocations", body);
            Assert.True(status == 400, $"{body[..Math.Min(100, body.Length)]}: {status} {answer}");
            Assert.True(answer.Length < 4096, answer);
        }

        var (notText, refused, _, _) = await larder.SendAsync(HttpMethod.Post, "/api/v1/models/whole/invocations", [.. "{\"inputs\":[[\""u8, 0xFF, .. "\",2]]}"u8], "application/json");
        Assert.True(notText == 400, refused);
        Assert.Equal(413, (await larder.SendAsync(HttpMethod.Post, "/api/v1/models/whole/invocations", new byte[(64 << 20) + 1], "application/json")).Status);
        Assert.Equal(200, (await larder.PostAsync("/api/v1/models/whole/invocations", """{"inputs":[[1,2]]}""")).Status);
    }

    [Theory]
    [InlineData("/api/v1/models/none/invocations", "POST", 404, "RESOURCE_DOES_NOT_EXIST")]
    [InlineData("/api/v1/models/whole:9/invocations", "POST", 404, "RESOURCE_DOES_NOT_EXIST")]
    [InlineData("/api/v1/models/..x/invocations", "POST", 400, "BAD_REQUEST")]
    [InlineData("/invocations", "PUT", 405, "BAD_REQUEST")]
    [InlineData("/invocations/x", "POST", 404, "RESOURCE_DOES_NOT_EXIST")]
    public async Task Other_errors_are_in_the_same_form(string path, string method, int status, string code)
    {
        var (answered, answer, _, _) = await larder.SendAsync(new HttpMethod(method), path, "{}"u8.ToArray(), "application/json");

        Assert.Equal((status, code), (answered, (string?)JsonNode.Parse(answer)!["error_code"]));
    }

    [Fact]
    public async Task The_configured_model_answers_routes_without_a_name_and_its_probes()
    {
        foreach (var probe in new[] { "/ping", "/health" })
        {
            var (status, body, type, _) = await larder.SendAsync(HttpMethod.Get, probe, null, null);
            Assert.Equal((200, "\n", "application/json"), (status, body, type));
        }

        Assert.Equal("2", (await PostServedAsync()).Headers.GetValues("Larder-Model-Version").Single());
        foreach (var (deployment, version) in new[] { ("blue", "1"), ("1", "1"), ("2", "2"), ("default", "2") })
        {
            var (_, _, _, headers) = await PostServedAsync(("azureml-model-deployment", deployment));
            Assert.Equal((version, deployment), (headers.GetValues("Larder-Model-Version").Single(), headers.GetValues("azureml-model-deployment").Single()));
        }

        foreach (var unknown in new[] { "green", "9", "0", "../x", "a:b" })
            Assert.Equal(404, (await PostServedAsync(("azureml-model-deployment", unknown))).Status);

        Task<(int Status, string Body, string? Type, System.Net.Http.Headers.HttpResponseHeaders Headers)> PostServedAsync(params (string, string)[] headers) =>
            larder.PostAsync("/invocations", """{"dataframe_records":[{"a":1,"b":2,"c":3,"d":4}]}""", "application/json", headers);
    }

    [Fact]
    public async Task Params_are_those_of_the_own_route_and_others_are_ignored()
    {
        const string Rows = "[[5.1,3.5,1.4,0.2],[1,2,3,4]]";
        var own = await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/served/prediction?top=2&output=probabilities", $$"""{"values":{{Rows}}}""");

        var (status, answer, _, _) = await larder.PostAsync("/invocations", $$$"""{"inputs":{{{Rows}}},"params":{"temperature":0.5,"top":2,"output":"probabilities","activation":null}}""");

        Assert.True(status == 200, answer);
        Assert.Equal(own.Body["outputs"]!.ToJsonString(), JsonNode.Parse(answer)!["predictions"]!.ToJsonString());
    }

    [Fact]
    public async Task The_numbers_are_those_of_the_own_route_in_every_form()
    {
        const string Rows = "[[5.1,3.5,1.4,0.2],[1,2,3,4]]";
        var own = (await larder.Client.PredictAsync("served", $$"""{"values":{{Rows}}}""")).Body["outputs"]!;
        var expected = Enumerable.Range(0, 2).Select(row => $$"""{"label":{{own["label"]![row]!.ToJsonString()}},"probabilities":{{own["probabilities"]![row]!.ToJsonString()}}}""").ToList();

        foreach (var (body, type) in new[]
        {
            ($$$"""{"dataframe_split":{"columns":["a","b","c","d"],"data":{{{Rows}}}}}""", "application/json"),
            ("""{"dataframe_records":[{"d":0.2,"a":5.1,"b":3.5,"c":1.4},{"a":1,"b":2,"c":3,"d":4}]}""", "application/json"),
            ($$"""{"instances":{{Rows}}}""", "application/json"), ($$"""{"inputs":{{Rows}}}""", "application/json"), ($$$"""{"inputs":{"x":{{{Rows}}}}}""", "application/json"),
            ("a,b,c,d\n5.1,3.5,1.4,0.2\n1,2,3,4\n", "text/csv"),
        })
        {
            var (status, answer, _, _) = await larder.PostAsync("/invocations", body, type);
            Assert.True(status == 200, answer);
            Assert.Equal(expected, JsonNode.Parse(answer)!["predictions"]!.AsArray().Select(record => record!.ToJsonString()));
        }
    }

    [Fact]
    public async Task A_list_of_maps_is_an_object_in_each_record()
    {
        var own = (await larder.Client.PredictAsync("zipmap", """{"values":[[1,2,3,4],[5,6,7,8]]}""")).Body["outputs"]!;

        var (_, answer, _, _) = await larder.PostAsync("/api/v1/models/zipmap/invocations", """{"inputs":[[1,2,3,4],[5,6,7,8]]}""");

        var records = JsonNode.Parse(answer)!["predictions"]!.AsArray();
        Assert.Equal(own["output_probability"]!.AsArray().Select(map => map!.ToJsonString()), records.Select(record => record!["output_probability"]!.ToJsonString()));
        Assert.Equal(own["output_label"]!.AsArray().Select(label => label!.ToJsonString()), records.Select(record => record!["output_label"]!.ToJsonString()));
    }

    [Fact]
    public async Task A_large_frame_is_answered_in_pieces()
    {
        const int Rows = 20_000;
        var csv = new StringBuilder("city,rooms,age\n");
        for (var row = 0; row < Rows; row++)
            csv.Append("city ").Append(row).Append(',').Append(row).Append(",1\n");

        var (_, answer, _, _) = await larder.PostAsync("/api/v1/models/mixed/invocations", csv.ToString(), "text/csv");

        Assert.Equal(Enumerable.Range(0, Rows).Select(row => $$"""{"y":[2],"r":[{{row}}],"c":["city {{row}}"]}"""), JsonNode.Parse(answer)!["predictions"]!.AsArray().Select(record => record!.ToJsonString()));
    }
}
