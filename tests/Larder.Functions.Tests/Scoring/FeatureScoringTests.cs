using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Scoring;

/// <summary>Which column of a data set goes into which column of the input, and what becomes of missing values.</summary>
[Collection(nameof(SharedLarder))]
public sealed class FeatureScoringTests(LarderFixture larder)
{
    private const string Names = """["a","b","c"]""";

    private static readonly byte[] Three = OnnxModel.Identity(Datatype.Fp32, "batch", 3);

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Columns_are_fed_by_the_names_of_the_features_in_any_order()
    {
        await UploadAsync("score-names", Names);

        Assert.Equal(["id,y_0,y_1,y_2,model_version,error", "r1,1,2,3,1,"], await LinesAsync("score-names", "c,b,id,a\n3,2,r1,1\n", """{"keep":["id"]}"""));
        Assert.Equal("1,2,3,1,", (await LinesAsync("score-names", "c,b,id,a\n3,2,r1,1\n", """{"columns":["a","c","b"]}"""))[1]);
        // Said aloud, the order counts.
        Assert.Equal("3,2,1,1,", (await LinesAsync("score-names", "c,b,a\n3,2,1\n", """{"by_position":true}"""))[1]);
        Assert.Equal("3,2,1,1,", (await LinesAsync("score-names", "3,2,1\n", """{"header":false}"""))[1]);
        Assert.Equal("r1,3,2,1,1,", (await LinesAsync("score-names", "3,2,r1,1\n", """{"header":false,"keep":["3"]}"""))[1]);

        var rows = await LinesAsync("score-names", """
            {"c":3,"a":1,"b":2}
            {"c":3,"a":1}
            {"c":3,"a":1,"b":2,"d":4}
            {"c":3,"a":1,"b":2,"a":4}
            """, null, "jsonl");
        Assert.Equal("""{"y":[1,2,3],"model_version":1}""", rows[0]);
        Assert.Equal(
            ["'b': it is missing", "it has 'd', which is no column of the model and is not kept", "it has 'a' twice"],
            rows[1..].Select(row => (string)JsonNode.Parse(row)!["error"]!));
    }

    [Fact]
    public async Task A_header_that_is_not_the_model_s_is_refused_with_both_lists()
    {
        await UploadAsync("score-other-names", Names);
        (string Dataset, string? Options, string Reason)[] cases =
        [
            ("p,q,r\n1,2,3\n", null, "the model takes 'a', 'b', 'c', and the data set has 'p', 'q', 'r' to feed. It lacks 'a', 'b', 'c'. 'p', 'q', 'r' are no columns of the model"),
            ("p,q,r\n1,2,3\n", null, "say by_position: true"),
            ("a,b,d\n1,2,3\n", null, "It lacks 'c'. 'd' is no column of the model"),
            ("a,b\n1,2\n", null, "It lacks 'c'."),
            ("a,b,c,d\n1,2,3,4\n", null, "'d' is no column of the model: name those to repeat in 'keep'."),
            ("a,b,c,a\n1,2,3,4\n", null, "more than one column of the name 'a'"),
            ("1.5,2,-3e0\n1,2,3\n", null, "has only numbers ('1.5', '2', '-3e0'), where the names of the columns belong. If the file has no header, say header: false"),
            ("a,b,d\n1,2,3\n", """{"columns":["a","b","d"]}""", "It lacks 'c'"),
            ("1,2\n1,2\n", """{"header":false}""", "the data set has to feed 2 columns"),
        ];
        var jobs = await Task.WhenAll(cases.Select(one => _client.ScoreToEndAsync("score-other-names", one.Dataset, options: one.Options)));
        foreach (var (job, (_, _, reason)) in jobs.Zip(cases))
        {
            Assert.Equal("failed", (string)job["state"]!);
            Assert.Contains(reason, (string)job["reason"]!);
        }
    }

    [Theory]
    [InlineData("p,q,r\n3,2,1\n", "csv")]
    [InlineData("""{"p":3,"q":2,"r":1}""", "jsonl")]
    public async Task Without_features_a_header_is_taken_by_position_only_when_asked(string dataset, string format)
    {
        await UploadAsync("score-nameless", "[]");
        var job = await _client.ScoreToEndAsync("score-nameless", dataset, $"data.{format}");
        Assert.StartsWith("The model takes 3 values a row (x FP32 [-1,3]), whose names it does not know; the data set has 'p', 'q', 'r' to feed. If they are in the model's order, say by_position: true", (string)job["reason"]!);
        Assert.Contains("3,2,1", (await LinesAsync("score-nameless", dataset, """{"by_position":true}""", format))[^1]);
    }

    [Fact]
    public async Task Missing_values_become_NaN_or_a_default_or_an_error()
    {
        await UploadAsync("score-missing-values", """["a",{"name":"b","missing":true},{"name":"c","default":0.5}]""");
        Assert.Equal(
            ["1,NaN,0.5,1,", "1,Infinity,3,1,", "1,-Infinity,3,1,"],
            (await LinesAsync("score-missing-values", "a,b,c\n1,,\n1,inf,3\n1,-Infinity,3\n", null))[1..]);
        var refused = (await LinesAsync("score-missing-values", "a,b,c\n1,2,3\n,2,3\nInfinity,2,3\n", null))[2..];
        Assert.StartsWith(""",,,1,"'a': it is empty, a missing value, which this model refuses: send a number""", refused[0]);
        Assert.Equal(",,,1,'a': 'Infinity' is out of the range of FP32", refused[1]);

        var rows = await LinesAsync("score-missing-values", """
            {"a":1,"b":NaN,"c":"NaN"}
            {"a":1,"b":null,"c":null}
            {"a":1,"b":-Infinity,"c":3}
            {"a":NaN,"b":1,"c":3}
            """, null, "jsonl");
        Assert.Equal(["[1,\"NaN\",0.5]", "[1,\"NaN\",0.5]", "[1,\"-Infinity\",3]"], rows[..3].Select(row => JsonNode.Parse(row)!["y"]!.ToJsonString()));
        Assert.Contains("'a': 'NaN' is a missing value", (string)JsonNode.Parse(rows[3])!["error"]!);
    }

    [Fact]
    public async Task A_dropped_file_takes_its_options_from_the_metadata_of_its_blob()
    {
        await UploadAsync("score-drop-options", Names);
        var scoring = new BlobContainerClient(larder.Storage, "scoring");
        await scoring.CreateIfNotExistsAsync();
        await DropAsync("in.csv", "3,2,1\n", new() { ["header"] = "false" });
        await DropAsync("in.jsonl", """{"a":1,"b":2,"c":3}""", []);
        await DropAsync("wrong.csv", "3,2,1\n", new() { ["header"] = "no" });

        Assert.Equal("succeeded", (string)(await OutcomeAsync("in.csv.result.json"))["state"]!);
        Assert.Equal("succeeded", (string)(await OutcomeAsync("in.jsonl.result.json"))["state"]!);
        Assert.Contains("3,2,1,1,", await ReadAsync("in.csv.scored.csv"));
        Assert.Contains("[1,2,3]", await ReadAsync("in.jsonl.scored.jsonl"));
        Assert.Contains("header", (string)(await OutcomeAsync("wrong.csv.result.json"))["reason"]!);

        Task DropAsync(string name, string content, Dictionary<string, string> metadata) => scoring.GetBlobClient($"score-drop-options/{name}")
            .UploadAsync(BinaryData.FromString(content), new BlobUploadOptions { Metadata = metadata });

        async Task<string> ReadAsync(string name) => (await scoring.GetBlobClient($"score-drop-options/{name}").DownloadContentAsync()).Value.Content.ToString();

        async Task<JsonNode> OutcomeAsync(string name)
        {
            await Eventually.TrueAsync(async () => (await scoring.GetBlobClient($"score-drop-options/{name}").ExistsAsync()).Value);
            return JsonNode.Parse(await ReadAsync(name))!;
        }
    }

    [Fact]
    public async Task The_result_has_a_column_for_the_name_of_the_class()
    {
        await _client.UploadAsync("score-labels", Three, fields: [("features", Names), ("labels", """["red, warm","green","blue"]""")]);
        Assert.Equal(
            ["y_0,y_1,y_2,class_name,model_version,error", "3,2,1,\"red, warm\",1,", ",,,,1,'b': 'x' is not a number (FP32)", "1,2,3,blue,1,"],
            await LinesAsync("score-labels", "a,b,c\n3,2,1\n3,x,1\n1,2,3\n", null));
        Assert.Equal("""{"y":[3,2,1],"class_name":"red, warm","model_version":1}""", (await LinesAsync("score-labels", """{"a":3,"b":2,"c":1}""", null, "jsonl"))[0]);
    }

    [Fact]
    public async Task Rows_of_JSON_have_the_shape_of_a_prediction_whatever_the_number_of_elements()
    {
        // As many elements as there are numbers other than 0; no dimension counts rows.
        var places = new OnnxModel().Input("x", Datatype.Fp32, 3).Output("y", Datatype.Int64, 1, -1).Output("z", Datatype.Int64, -1)
            .Initializer(OnnxTensor.Of("row", new long[] { -1 }, 1)).Node("NonZero", ["x"], ["y"]).Node("Reshape", ["y", "row"], ["z"]).ToBytes();
        await _client.UploadAsync("score-lists", places, fields: [("features", Names)]);
        var rows = await LinesAsync("score-lists", """
            {"a":0,"b":1,"c":0}
            {"a":1,"b":1,"c":0}
            {"a":0,"b":0,"c":0}
            """, null, "jsonl");
        foreach (var (row, values) in rows.Zip(["[0,1,0]", "[1,1,0]", "[0,0,0]"]))
        {
            var prediction = (await _client.PredictAsync("score-lists", $$"""{"values":{{values}}}""")).Body["outputs"]!;
            var scored = JsonNode.Parse(row)!;
            Assert.Equal((prediction["y"]!.ToJsonString(), prediction["z"]!.ToJsonString()), (scored["y"]!.ToJsonString(), scored["z"]!.ToJsonString()));
        }

        // In CSV, where the first row has none, each row has its list.
        Assert.Equal(
            ["z,model_version,error", "[],1,", "\"[0,1]\",1,"],
            await LinesAsync("score-lists", "a,b,c\n0,0,0\n1,1,0\n", """{"outputs":["z"]}"""));
        Assert.Equal(["z,model_version,error", "[],1,"], await LinesAsync("score-lists", "a,b,c\n0,0,0\n", """{"outputs":["z"]}"""));
    }

    [Fact]
    public async Task A_quote_that_is_not_closed_ends_the_job_with_its_row_and_the_lines_behind_it()
    {
        await UploadAsync("score-quote", Names);
        var jobs = await Task.WhenAll(new[] { "a,b,c\n1,2,3\n1,\"2,3\n1,2,3\n1,2,3\n", "a,b,\"c\n1,2,3\n" }.Select(dataset => _client.ScoreToEndAsync("score-quote", dataset)));
        Assert.All(jobs, job => Assert.Equal("failed", (string)job["state"]!));
        Assert.Equal(
            [
                "Row 2, at byte 12, opens a quote that is not closed: 3 lines behind it were taken for a part of that field.",
                "The header opens a quote that is not closed: 2 lines behind it were taken for a part of that field.",
            ],
            jobs.Select(job => (string)job["reason"]!));
    }

    private async Task UploadAsync(string model, string features) =>
        Assert.True((await _client.UploadAsync(model, Three, fields: [("features", features)])).Code is 200 or 201);

    private async Task<string[]> LinesAsync(string model, string dataset, string? options, string format = "csv") =>
        await _client.LinesOfAsync(await _client.ScoreToEndAsync(model, Encoding.UTF8.GetBytes(dataset), $"data.{format}", options), format);
}
