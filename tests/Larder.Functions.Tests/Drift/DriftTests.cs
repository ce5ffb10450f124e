using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.MLflow;
using Larder.Functions.Tests.Schedules;
using Larder.Functions.Tests.Training;
using Larder.Functions.Tests.Uploads;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Drift;

/// <summary>Data sets compared with those of trainings, over HTTP.</summary>
public sealed class DriftTests(WebhookFixture larder) : IClassFixture<WebhookFixture>
{
    private const int Rows = 2000;

    // Leaves a model whatever the data is.
    private static readonly string Script = $"""
        import base64, os
        with open(os.path.join(os.environ["LARDER_OUTPUT_DIR"], os.environ["LARDER_MODEL"] + ".onnx"), "wb") as file:
            file.write(base64.b64decode("{Convert.ToBase64String(OnnxModel.Linear(classes: 3))}"))
        """;

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Columns_that_have_drifted_are_named_and_a_webhook_is_told()
    {
        await TrainAsync("drifting");
        await using var receiver = await WebhookReceiver.AnsweringAsync(200);
        await _client.PostAsync("webhooks", $$"""{"name":"drift","url":"{{receiver.Url}}","events":[{"entity":"DRIFT","action":"FOUND"}]}""");

        var same = await CompareToEndAsync("drifting", Data(seed: 2));
        Assert.Equal(0, (double)same["metrics"]!["drift"]!);
        Assert.StartsWith("No drift: of 3 columns ", (string)same["reason"]!);

        var other = await CompareToEndAsync("drifting:1", Data(seed: 3, shift: 0.5, city: "Oslo", rowsWithoutAge: Rows / 4));
        Assert.Equal((1, 3, 2, Rows, Rows), ((int)other["metrics"]!["drift"]!, (int)other["metrics"]!["columns"]!, (int)other["metrics"]!["drifted_columns"]!, (int)other["metrics"]!["rows"]!, (int)other["metrics"]!["reference_rows"]!));
        Assert.Matches(@"^2 of 3 columns have drifted: '(age|city)' \(PSI \d+\.\d{3}\), '(age|city)' \(PSI \d+\.\d{3}\)\.$", (string)other["reason"]!);
        Assert.Equal(("drift", "drifting", 1), ((string)other["type"]!, (string)other["model"]!, (int)other["version"]!));
        Assert.Equal(["reference", "dataset"], other["inputs"]!.AsArray().Select(input => (string)input!["name"]!));

        var report = (await _client.GetJsonAsync($"/api/v1/jobs/{other["id"]}/outputs/drift.json")).Body;
        Assert.True((bool)report["drift"]!);
        Assert.Equal(["label"], report["only_in_reference"]!.AsArray().Select(name => (string)name!));
        var age = report["columns"]!.AsArray().Single(column => (string)column!["name"]! == "age")!;
        Assert.Equal(("numeric", true), ((string)age["kind"]!, (bool)age["drifted"]!));
        Assert.Equal((0, 0.25), ((double)age["bins"]![0]!["reference"]!, (double)age["bins"]![0]!["dataset"]!));
        Assert.Equal(1, age["bins"]!.AsArray().Sum(bin => (double)bin!["dataset"]!), 9);
        var city = report["columns"]!.AsArray().Single(column => (string)column!["name"]! == "city")!;
        Assert.Equal(["missing", "Bergen", "Oslo", "any other"], city["bins"]!.AsArray().Select(bin => (string)bin!["bin"]!).Order(StringComparer.Ordinal).OrderBy(name => name switch { "missing" => 0, "any other" => 2, _ => 1 }));
        var table = (await _client.GetStringAsync($"/api/v1/jobs/{other["id"]}/outputs/drift.csv")).Split('\n');
        Assert.Equal("column,kind,psi,noise,drifted,reference_missing,dataset_missing", table[0]);
        Assert.Contains(table, line => line.StartsWith("income,numeric,", StringComparison.Ordinal) && line.Contains(",false,", StringComparison.Ordinal));
        Assert.Equal(Data(seed: 1, label: true), await _client.GetByteArrayAsync($"/api/v1/jobs/{other["id"]}/inputs/reference"));

        await Eventually.TrueAsync(() => Task.FromResult(receiver.Requests.Count > 0));
        var told = JsonNode.Parse(receiver.Requests.Single().Body)!;
        Assert.Equal(("drift", "found", (string)other["id"]!, "drifting", "1", (string)other["reason"]!), ((string)told["entity"]!, (string)told["action"]!, (string)told["data"]!["job"]!, (string)told["data"]!["model"]!, (string)told["data"]!["version"]!, (string)told["data"]!["reason"]!));
        Assert.Equal(2, (int)told["data"]!["metrics"]!["drifted_columns"]!);

        var neighbours = (await _client.GetJsonAsync($"/api/v1/lineage/version/drifting:1")).Body["edges"]!.AsArray();
        Assert.Contains(neighbours, edge => (string)edge!["relation"]! == "compared" && (string)edge["to"]! == $"job/{other["id"]}");
    }

    [Fact]
    public async Task A_data_set_that_was_uploaded_in_blocks_is_compared_with_another_by_schedule()
    {
        Assert.Equal(HttpStatusCode.Created, (await _client.UploadAsync("named", OnnxModel.Linear())).Status);
        await _client.AddDatasetAsync("named", "then.csv", Data(seed: 1));
        await _client.AddDatasetAsync("named", "now.jsonl", Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 500).Select(i => $$"""{"age": {{i % 10}}, "city": null}"""))));

        var made = await _client.SendJsonAsync(
            HttpMethod.Post,
            "/api/v1/schedules",
            """{"name":"drift","cron":"0 0 1 1 *","job":{"type":"drift","model":"named","inputs":{"dataset":"datasets/named/now.jsonl"},"options":{"reference":"datasets/named/then.csv","min_columns":3}}}""");
        Assert.True(made.Status == HttpStatusCode.Created, made.Description);
        var ended = await _client.RunToEndAsync((string)made.Body["schedule"]!["id"]!);
        Assert.True((string)ended["state"]! == "succeeded", ended.ToString());

        var job = (await _client.GetJsonAsync("/api/v1/jobs?type=drift&model=named")).Body["jobs"]![0]!;
        Assert.Matches(@"^2 of 2 columns have drifted, fewer than min_columns \(3\): ", (string)job["reason"]!);
        Assert.Equal(0, (int)job["metrics"]!["drift"]!);
    }

    [Theory]
    [InlineData("plain", """{"dataset":"datasets/plain/now.csv"}""", 422, "plain:1 was not trained here. Name the data set to compare with in the option 'reference'")]
    [InlineData("plain", """{"dataset":"uploads/none.csv","options":{"reference":"uploads/x.csv"}}""", 422, "'reference' must be a data set that was uploaded in blocks, datasets/{model}/{file_name}.")]
    [InlineData("plain", """{"dataset":"uploads/none.csv","options":{"reference":"datasets/plain/none.csv"}}""", 404, "none.csv")]
    [InlineData("plain", """{"dataset":"uploads/none.xlsx","options":{"reference":"datasets/plain/none.csv"}}""", 422, "The data set's name does not say what it is")]
    [InlineData("plain", """{"dataset":"uploads/none.csv","options":{"columns":["a","a"]}}""", 422, "'columns' names 'a' twice.")]
    [InlineData("plain", """{"dataset":"uploads/none.csv","options":{"bins":1}}""", 422, "/bins must be 2 to 100; got 1.")]
    [InlineData("plain", """{"dataset":"uploads/none.csv","options":{"threshhold":1}}""", 422, "threshhold")]
    [InlineData("absent", """{"dataset":"uploads/none.csv"}""", 404, "absent")]
    public async Task What_cannot_be_compared_is_refused_before_a_job_is_made(string model, string body, int status, string sentence)
    {
        if ((await _client.GetJsonAsync("/api/v1/models/plain")).Code != 200)
            await _client.UploadAsync("plain", OnnxModel.Linear());

        var answer = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{model}/drift", body);

        Assert.True(answer.Code == status && answer.Description.Contains(sentence, StringComparison.Ordinal), $"{answer.Code} {answer.Description}");
        Assert.Equal(0, (int)(await _client.GetJsonAsync($"/api/v1/jobs?type=drift&model={model}")).Body["total"]!);
    }

    [Theory]
    [InlineData("a,b\n1,2\n", "The data sets have no column in common: the reference has 'age', 'income', 'city', 'label', and the data set has 'a', 'b'.")]
    [InlineData("age,age\n1,2\n", "The data set has more than one column of the name 'age'.")]
    [InlineData("age,city\n", "The dataset, 'now.csv': It has no rows.")]
    [InlineData("", "The dataset, 'now.csv': The data set is empty.")]
    [InlineData("age,city\n1\n", "No row of the data set can be read.")]
    [InlineData("age\n\"1\n", "The dataset, 'now.csv': Row 1, at byte 4, opens a quote that is not closed: 1 line behind it was taken for a part of that field.")]
    public async Task A_data_set_that_cannot_be_compared_fails_the_job_with_the_reason(string data, string reason)
    {
        await TrainAsync("refusing");

        var answer = await CompareAsync("refusing", Encoding.UTF8.GetBytes(data));
        var job = await _client.EndOfAsync((string)answer.Body["job"]!["id"]!, () => larder.Log);

        Assert.Equal(("failed", reason), ((string)job["state"]!, (string?)job["reason"]));
    }

    private async Task TrainAsync(string model)
    {
        if ((await _client.GetJsonAsync($"/api/v1/models/{model}")).Code == 200)
            return;
        var answer = await _client.TrainAsync(model, Script, Data(seed: 1, label: true), datasetName: "then.csv");
        var job = await _client.EndOfAsync((string)answer.Body["job"]!["id"]!, () => larder.Log);
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
    }

    private async Task<JsonNode> CompareToEndAsync(string reference, byte[] data)
    {
        var answer = await CompareAsync(reference, data);
        var job = await _client.EndOfAsync((string)answer.Body["job"]!["id"]!, () => larder.Log);
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        return job;
    }

    private async Task<Answer> CompareAsync(string reference, byte[] data)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(data), "dataset", "now.csv" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/models/{reference}/drift") { Content = form };
        var answer = await _client.SendAsync(request).ReadAnswerAsync();
        Assert.True(answer.Code == 202, answer.Description);
        return answer;
    }

    private static byte[] Data(int seed, double shift = 0, string city = "Bergen", int rowsWithoutAge = 0, bool label = false)
    {
        var random = new Random(seed);
        var text = new StringBuilder(label ? "age,income,city,label\n" : "age,income,city\n");
        for (var i = 0; i < Rows; i++)
        {
            var age = i < rowsWithoutAge ? "" : (random.NextDouble() + shift).ToString("F4", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"{age},{random.Next(1, 9) * 1000},{(random.Next(4) == 0 ? "Oslo" : city)}{(label ? ",1" : "")}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
