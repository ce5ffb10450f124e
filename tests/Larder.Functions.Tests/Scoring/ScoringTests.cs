using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Scoring;

[Collection(nameof(SharedLarder))]
public sealed class ScoringTests(LarderFixture larder)
{
    private const string ByPosition = """{"by_position":true}""";
    private const string Four = """["a","b","c","d"]""";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Every_row_gets_what_a_prediction_would_answer_in_order_with_what_is_kept_and_the_version()
    {
        await UploadAsync("score-all", OnnxModel.Linear(), Four);
        var dataset = ScoringClient.Rows(2500);
        var job = await _client.ScoreToEndAsync("score-all", dataset, options: """{"keep":["id"],"chunk_rows":700}""");
        var lines = await _client.LinesOfAsync(job);
        Assert.Equal("id,label,probabilities_0,probabilities_1,probabilities_2,model_version,error", lines[0]);
        Assert.Equal(2500, lines.Length - 1);

        var rows = Encoding.UTF8.GetString(dataset).Split('\n')[1..^1];
        foreach (var i in new[] { 0, 699, 700, 1399, 2499 })
        {
            var cells = rows[i].Split(',');
            var prediction = await _client.PredictAsync("score-all", $$"""{"values":[{{string.Join(',', cells[1..])}}]}""");
            var scored = lines[i + 1].Split(',');
            Assert.Equal(cells[0], scored[0]);
            Assert.Equal((long)prediction.Body["outputs"]!["label"]![0]!, long.Parse(scored[1]));
            Assert.Equal((float)prediction.Body["outputs"]!["probabilities"]![0]![2]!, float.Parse(scored[4], System.Globalization.CultureInfo.InvariantCulture), 1e-6);
            Assert.Equal(["1", ""], scored[5..]);
        }

        Assert.Equal("score", (string)job["type"]!);
        Assert.Equal(1, (int)job["version"]!);
        Assert.Equal(2500, (int)job["metrics"]!["rows"]!);
        Assert.Equal(0, (int)job["metrics"]!["errors"]!);
        var steps = job["steps"]!.AsArray();
        Assert.Equal(["fetch", "plan", "score", "merge", "clean_up"], steps.Select(step => (string)step!["name"]!));
        Assert.Equal("4 of 4 chunks, 2500 of 2500 rows, 0 of them with an error.", (string)steps[2]!["detail"]!);
        var files = new BlobContainerClient(larder.Storage, $"job-{job["id"]}").GetBlobs().Select(blob => blob.Name);
        Assert.Equal(["attempt-1/outputs/scored.csv"], files);
    }

    [Fact]
    public async Task The_version_is_that_of_the_moment_of_asking_and_a_retry_keeps_it()
    {
        await UploadAsync("score-pinned", OnnxModel.Linear(), Four);
        var accepted = await _client.ScoreAsync("score-pinned", ScoringClient.Rows(10), options: """{"keep":["id"]}""");
        Assert.Equal(HttpStatusCode.Accepted, accepted.Status);
        Assert.Equal(1, (int)accepted.Body["job"]!["version"]!);
        Assert.Equal($"/api/v1/jobs/{accepted.Body["job"]!["id"]}", accepted.Headers.Location!.ToString());
        await UploadAsync("score-pinned", OnnxModel.Linear(classes: 5), Four);
        var job = await _client.EndOfAsync((string)accepted.Body["job"]!["id"]!);

        var again = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{job["id"]}/retry");
        Assert.Equal(HttpStatusCode.Accepted, again.Status);
        var second = await _client.EndOfAsync((string)again.Body["job"]!["id"]!);
        Assert.Equal(await _client.ResultOfAsync(job), await _client.ResultOfAsync(second));
    }

    [Fact]
    public async Task Quotes_line_ends_inside_them_byte_order_mark_and_Unicode_are_kept()
    {
        await UploadAsync("score-quotes", OnnxModel.Identity(Datatype.Fp32, "batch", 1));
        var dataset = "\uFEFF\"na\"\"me\",x\r\n\"two\r\nlines\",1\r\n\"com,ma\",2.5\r\n\r\n\"qu\"\"ote\",3e0\r\nÅngström 漢字 😀,-0.125";
        var job = await _client.ScoreToEndAsync("score-quotes", dataset, options: """{"keep":["na\"me"],"chunk_rows":1}""");
        Assert.Equal(
            "\"na\"\"me\",y,model_version,error\n\"two\r\nlines\",1,1,\n\"com,ma\",2.5,1,\n\"qu\"\"ote\",3,1,\nÅngström 漢字 😀,-0.125,1,\n",
            Encoding.UTF8.GetString(await _client.ResultOfAsync(job)));
    }

    [Fact]
    public async Task Lines_of_JSON_are_scored_as_lines_of_JSON()
    {
        await UploadAsync("score-lines", OnnxModel.Linear());
        const string Dataset = """
            {"id":1,"a":5.1,"b":3.5,"c":1.4,"d":0.2}
            {"d":0.2,"c":1.4,"b":3.5,"a":5.1,"id":{"x":[1,"é"]},"more":true}
            {"id":3,"a":"5.1","b":3.5,"c":1.4,"d":0.2}
            {"id":4,"a":1}
            no JSON

            {"id":6,"a":5.1,"b":3.5,"c":1.4,"d":0.2}
            """;
        var job = await _client.ScoreToEndAsync("score-lines", Dataset, "data.jsonl", """{"keep":["id"],"outputs":["probabilities"],"by_position":true}""");
        var rows = (await _client.LinesOfAsync(job, "jsonl")).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(6, rows.Count);
        Assert.Equal(["id", "probabilities", "model_version"], rows[0].AsObject().Select(member => member.Key));
        Assert.Equal(rows[0]["probabilities"]!.ToJsonString(), rows[1]["probabilities"]!.ToJsonString());
        Assert.Equal("""{"x":[1,"é"]}""", rows[1]["id"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Equal("'a': it is a string, where a number belongs", (string)rows[2]["error"]!);
        Assert.Equal("'b': it is missing", (string)rows[3]["error"]!);
        Assert.Equal("it is not valid JSON", (string)rows[4]["error"]!);
        Assert.Equal(3, (int)job["metrics"]!["errors"]!);
        Assert.StartsWith("3 of 6 rows could not be scored; row 3 is the first", (string)job["reason"]!);

        var whole = await _client.ScoreToEndAsync("score-lines", """{"x":[5.1,3.5,1.4,0.2]}""" + "\n" + """{"x":[1,2,3]}""", "data.jsonl", """{"outputs":["probabilities"]}""");
        var answers = (await _client.LinesOfAsync(whole, "jsonl")).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(rows[0]["probabilities"]!.ToJsonString(), answers[0]["probabilities"]!.ToJsonString());
        Assert.Contains("x expects FP32 [-1,4]; got 3 values", (string)answers[1]["error"]!);
    }

    [Fact]
    public async Task Models_of_other_kinds_are_fed_and_read_too()
    {
        await UploadAsync("score-maps", OnnxModel.ZipMap());
        var maps = await _client.LinesOfAsync(await _client.ScoreToEndAsync("score-maps", "p,q,r,s\n1,2,3,4\n", options: ByPosition));
        Assert.Equal("output_label,output_probability_0,output_probability_1,output_probability_2,model_version,error", maps[0]);
        Assert.Equal(6, maps[1].Split(',').Length);

        await UploadAsync("score-text", OnnxModel.Identity(Datatype.Bytes, "batch"));
        Assert.Equal(["y,model_version,error", "\"a,b\",1,", "ü,1,"], await _client.LinesOfAsync(await _client.ScoreToEndAsync("score-text", "x\n\"a,b\"\nü\n")));

        await UploadAsync("score-whole", OnnxModel.Identity(Datatype.Int64, 2, 2));
        Assert.Equal(
            ["y_0,y_1,y_2,y_3,model_version,error", "1,2,3,4,1,", ",,,,1,'b': '2.5' is not an integer (INT64)"],
            await _client.LinesOfAsync(await _client.ScoreToEndAsync("score-whole", "a,b,c,d\n1,2,3,4\n1,2.5,3,4\n", options: ByPosition)));

        // Its answer depends on the other rows of a run: each row must be alone.
        await UploadAsync("score-dependent", OnnxModel.SubtractBatchMean());
        var dependent = await _client.LinesOfAsync(await _client.ScoreToEndAsync("score-dependent", "a,b,c,d\n1,2,3,4\n5,6,7,8\n", options: ByPosition));
        Assert.All(dependent[1..], line => Assert.StartsWith("0,0,0,0,", line));
    }

    [Fact]
    public async Task Columns_are_fed_in_the_order_that_is_asked_for_whatever_else_there_is()
    {
        await UploadAsync("score-order", OnnxModel.Identity(Datatype.Fp32, "batch", 2));
        var job = await _client.ScoreToEndAsync("score-order", "a;b;c\n1;2;3\n", options: """{"columns":["c","a"],"keep":["a"],"delimiter":";"}""");
        Assert.Equal(["a;y_0;y_1;model_version;error", "1;3;1;1;"], await _client.LinesOfAsync(job));
    }

    [Fact]
    public async Task A_data_set_in_uploads_is_scored_and_a_URL_only_of_hosts_that_are_allowed()
    {
        await UploadAsync("score-uploads", OnnxModel.Linear(), Four);
        var uploads = new BlobContainerClient(larder.Storage, "uploads");
        await uploads.CreateIfNotExistsAsync();
        await uploads.GetBlobClient("sets/data.tsv").UploadAsync(BinaryData.FromString("a\tb\tc\td\n1\t2\t3\t4\n"), overwrite: true);
        var answer = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/score-uploads/scoring", """{"dataset":"uploads/sets/data.tsv","options":{"outputs":["label"]}}""");
        Assert.True(answer.Code == 202, answer.Description);
        var job = await _client.EndOfAsync((string)answer.Body["job"]!["id"]!);
        // What was there when the job was accepted, and nothing else.
        Assert.Matches("^uploads/sets/data.tsv@0x[0-9A-F]+$", (string)job["source"]!);
        Assert.Equal(2, (await _client.LinesOfAsync(job)).Length);

        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/score-uploads/scoring", """{"dataset":"uploads/none.csv"}""")).Status);
        foreach (var url in new[] { "https://example.com/a.csv", "http://169.254.169.254/latest", "other/a.csv", "uploads/../scoring/a.csv", "/etc/passwd" })
        {
            var refused = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/score-uploads/scoring", $$"""{"dataset":"{{url}}"}""");
            Assert.True(refused.Status == HttpStatusCode.UnprocessableEntity, $"{url}: {refused.Description}");
        }
    }

    [Theory]
    [InlineData("data.csv", """{"colums":[]}""", "is not known")]
    [InlineData("data.csv", """{"chunk_rows":0}""", "1 to 1000000")]
    [InlineData("data.csv", """{"format":"parquet"}""", "\"csv\" or \"jsonl\"")]
    [InlineData("data.csv", """{"delimiter":"ab"}""", "must be")]
    [InlineData("data.csv", """{"outputs":["nope"]}""", "has no output 'nope'; it has 'label', 'probabilities'")]
    [InlineData("data.csv", """{"columns":["a","b"]}""", "takes 4 values a row")]
    [InlineData("data.csv", """{"keep":["a","a"]}""", "names 'a' twice")]
    [InlineData("data.jsonl", """{"delimiter":";"}""", "for csv only")]
    [InlineData("data.jsonl", """{"header":false}""", "for csv only")]
    [InlineData("data.bin", null, "name the format")]
    [InlineData("data.csv", "{", "not JSON")]
    public async Task Wrong_options_are_refused_before_there_is_a_job(string fileName, string? options, string sentence)
    {
        var name = $"score-wrong-{Guid.NewGuid():N}";
        await UploadAsync(name, OnnxModel.Linear());
        var answer = await _client.ScoreAsync(name, "a,b,c,d\n"u8.ToArray(), fileName, options);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(sentence, answer.Description);
        Assert.Empty((await _client.GetJsonAsync($"/api/v1/jobs?model={name}")).Body["jobs"]!.AsArray());
        Assert.Equal(HttpStatusCode.NotFound, (await _client.ScoreAsync(name + "x", "a\n"u8.ToArray())).Status);
    }

    [Theory]
    [InlineData("empty", "The data set is empty.")]
    [InlineData("only line ends", "The data set is empty.")]
    [InlineData("wrong delimiter", "Is the delimiter ';', and not ','?")]
    [InlineData("too few columns", "the model takes 'a', 'b', 'c', 'd', and the data set has 'a', 'b' to feed. It lacks 'c', 'd'.")]
    [InlineData("NUL bytes", "NUL byte")]
    [InlineData("invalid UTF-8", "not valid UTF-8")]
    [InlineData("UTF-16", "UTF-16")]
    [InlineData("a million columns", "1000000 columns")]
    [InlineData("a line of 100 MB", "longer than 4194304 bytes")]
    [InlineData("a quote that is not closed", "Row 1, at byte 8, is longer than 4194304 bytes")]
    public async Task What_is_no_data_set_ends_in_a_job_that_says_why(string what, string reason)
    {
        await UploadAsync("score-hostile", OnnxModel.Linear(), Four);
        byte[] dataset = what switch
        {
            "empty" => [],
            "only line ends" => Encoding.UTF8.GetBytes("\uFEFF\r\n\n\n"),
            "wrong delimiter" => "a;b;c;d\n1;2;3;4\n"u8.ToArray(),
            "too few columns" => "a,b\n1,2\n"u8.ToArray(),
            "NUL bytes" => new byte[1000],
            "invalid UTF-8" => [0xC3, 0x28, (byte)'\n'],
            "UTF-16" => [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("a,b,c,d\n1,2,3,4\n")],
            "a million columns" => Encoding.UTF8.GetBytes(string.Join(',', Enumerable.Repeat("c", 1_000_000))),
            "a line of 100 MB" => Encoding.UTF8.GetBytes(new string('x', 100_000_000)),
            _ => Encoding.UTF8.GetBytes("a,b,c,d\n1,2,3,\"4\n" + string.Concat(Enumerable.Repeat("1,2,3,4\n", 1_000_000))),
        };
        var job = await _client.ScoreToEndAsync("score-hostile", dataset);
        Assert.Equal("failed", (string)job["state"]!);
        Assert.Contains(reason, (string)job["reason"]!);
        Assert.Empty(job["outputs"]!.AsArray());
    }

    [Fact]
    public async Task Rows_that_cannot_be_scored_have_an_error_and_stop_it_beyond_max_errors()
    {
        await UploadAsync("score-errors", OnnxModel.Linear(), Four);
        byte[] dataset =
        [
            .. "id,a,b,c,d\n1,1,2,3,4\n2,1,2,3\n3,1,x,3,4\n4,1,,3,4\n5,1,NaN,3,4\n6,1,1e99,3,4\n7,1,2,3,4,5\n8,1,"u8, 0xFF, .. ",3,4\n9,1,2\0,3,4\n10,1,2,3,4\n"u8,
        ];
        var lines = await _client.LinesOfAsync(await _client.ScoreToEndAsync("score-errors", dataset, options: """{"keep":["id"],"outputs":["label"]}"""));
        Assert.Equal(
            [
                "it has 4 fields, and the header has 5 columns",
                "'b': 'x' is not a number (FP32)",
                "'b': it is empty, a missing value, which this model refuses: send a number, give the feature a default, or let the model take it (the setting missing: nan)",
                "'b': 'NaN' is a missing value, which this model refuses: send a number, give the feature a default, or let the model take it (the setting missing: nan)",
                "'b': '1e99' is out of the range of FP32",
                "it has 6 fields, and the header has 5 columns",
                "'b': it is not valid UTF-8",
                "'b': it has a NUL byte",
            ],
            lines[2..10].Select((line, i) => line[$"{i + 2},,1,".Length..].Trim('"')));
        Assert.EndsWith(",1,", lines[1]);
        Assert.EndsWith(",1,", lines[10]);

        var stopped = await _client.ScoreToEndAsync("score-errors", dataset, options: """{"keep":["id"],"max_errors":7}""");
        Assert.Equal("failed", (string)stopped["state"]!);
        Assert.Contains("8 rows could not be scored, more than max_errors (7). The first that was seen is row 2", (string)stopped["reason"]!);
        Assert.Equal("succeeded", (string)(await _client.ScoreToEndAsync("score-errors", dataset, options: """{"keep":["id"],"max_errors":8}"""))["state"]!);
    }

    [Fact]
    public async Task A_header_alone_gives_a_header_alone()
    {
        await UploadAsync("score-header", OnnxModel.Linear(), Four);
        var job = await _client.ScoreToEndAsync("score-header", "a,b,c,d\n");
        Assert.Equal("The data set has no rows.", (string)job["reason"]!);
        Assert.Equal(["label,probabilities_0,probabilities_1,probabilities_2,model_version,error"], await _client.LinesOfAsync(job));
    }

    [Fact]
    public async Task Columns_that_are_not_there_end_the_job_with_those_that_are()
    {
        await UploadAsync("score-missing", OnnxModel.Linear(), Four);
        var job = await _client.ScoreToEndAsync("score-missing", "a,b,c,d\n1,2,3,4\n", options: """{"columns":["a","b","c","e"],"keep":["id"]}""");
        Assert.Equal("failed", (string)job["state"]!);
        Assert.Equal("The data set lacks the columns 'e', 'id'; it has 'a', 'b', 'c', 'd'.", (string)job["reason"]!);
    }

    [Fact]
    public async Task The_same_key_is_the_same_job()
    {
        await UploadAsync("score-key", OnnxModel.Linear(), Four);
        var key = Guid.NewGuid().ToString();
        var first = await _client.ScoreAsync("score-key", ScoringClient.Rows(5), options: """{"keep":["id"]}""", key: key);
        await UploadAsync("score-key", OnnxModel.Linear(classes: 4), Four);
        var second = await _client.ScoreAsync("score-key", ScoringClient.Rows(5), options: """{"keep":["id"]}""", key: key);
        Assert.Equal((string)first.Body["job"]!["id"]!, (string)second.Body["job"]!["id"]!);
        Assert.Equal(HttpStatusCode.Conflict, (await _client.ScoreAsync("score-key:1", ScoringClient.Rows(5), options: """{"keep":["id"]}""", key: key)).Status);
    }

    [Fact]
    public async Task A_job_that_is_canceled_ends_between_two_chunks_and_leaves_nothing()
    {
        await UploadAsync("score-canceled", OnnxModel.Linear(), Four);
        var accepted = await _client.ScoreAsync("score-canceled", ScoringClient.Rows(20_000), options: """{"keep":["id"],"chunk_rows":10}""");
        var id = (string)accepted.Body["job"]!["id"]!;
        await Eventually.TrueAsync(async () => (await _client.GetJsonAsync($"/api/v1/jobs/{id}")).Body["job"]!["steps"]!.AsArray().Any(step => (string)step!["name"]! == "score"));
        Assert.Equal(HttpStatusCode.Accepted, (await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/cancel")).Status);
        var job = await _client.EndOfAsync(id);
        Assert.Equal("canceled", (string)job["state"]!);
        Assert.Empty(job["outputs"]!.AsArray());
        Assert.Empty(new BlobContainerClient(larder.Storage, $"job-{id}").GetBlobs(new Azure.Storage.Blobs.Models.GetBlobsOptions { States = Azure.Storage.Blobs.Models.BlobStates.Uncommitted }));
    }

    [Fact]
    public async Task A_file_that_is_dropped_is_scored_and_the_result_put_beside_it()
    {
        await UploadAsync("score-dropped", OnnxModel.Linear(), Four);
        var scoring = new BlobContainerClient(larder.Storage, "scoring");
        await scoring.CreateIfNotExistsAsync();
        await scoring.GetBlobClient("score-dropped/day 1/in.csv").UploadAsync(BinaryData.FromString("a,b,c,d\n1,2,3,4\n"));
        await scoring.GetBlobClient("score-unknown/in.jsonl").UploadAsync(BinaryData.FromString("{}\n"));

        var outcome = await OutcomeAsync("score-dropped/day 1/in.csv.result.json");
        Assert.True((string)outcome["state"]! == "succeeded", outcome.ToString());
        Assert.Equal(1, (int)outcome["version"]!);
        Assert.Equal("scoring/score-dropped/day 1/in.csv.scored.csv", (string)outcome["result"]!);
        var scored = (await scoring.GetBlobClient("score-dropped/day 1/in.csv.scored.csv").DownloadContentAsync()).Value.Content.ToString();
        Assert.StartsWith("label,probabilities_0", scored);
        Assert.Equal(2, scored.Count(c => c == '\n'));
        Assert.StartsWith("There is no model", (string)(await OutcomeAsync("score-unknown/in.jsonl.result.json"))["reason"]!);

        async Task<JsonNode> OutcomeAsync(string path)
        {
            var blob = scoring.GetBlobClient(path);
            await Eventually.TrueAsync(async () => (await blob.ExistsAsync()).Value);
            return JsonNode.Parse((await blob.DownloadContentAsync()).Value.Content)!;
        }
    }

    [Fact]
    public async Task The_type_of_job_is_listed_with_its_schema()
    {
        var types = (await _client.GetJsonAsync("/api/v1/job-types")).Body["job_types"]!.AsArray();
        var score = types.Single(type => (string)type!["type"]! == "score")!;
        Assert.Equal("POST /api/v1/models/{reference}/scoring", (string)score["submit"]!);
        Assert.NotNull(score["options"]!["properties"]!["max_errors"]);
    }

    private async Task UploadAsync(string model, byte[] file, string features = "[]") =>
        Assert.True((await _client.UploadAsync(model, file, fields: [("features", features)])).Code is 200 or 201);
}
