using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.Training;

[Collection(nameof(SharedTraining))]
public sealed class TrainingInputTests(TrainingFixture larder)
{
    /// <summary>Writes down all that it was given, and then the model that this test needs.</summary>
    private const string Tell = """
        import glob, hashlib, json, os, shutil, sys
        out = os.environ["LARDER_OUTPUT_DIR"]
        dataset = os.environ["LARDER_DATASET"]
        told = {
            "arguments": sys.argv[1:],
            "variable": json.loads(os.environ["LARDER_ARGUMENTS"]),
            "environment": {name: value for name, value in os.environ.items() if name.startswith(("MY_", "LARDER_"))},
            "names": sorted(os.listdir(".")),
            "dataset": os.path.basename(dataset),
            "folder": os.path.dirname(dataset) == os.getcwd(),
            "sha256": hashlib.sha256(open(dataset, "rb").read()).hexdigest(),
            "csv": hashlib.sha256(open("dataset.csv", "rb").read()).hexdigest() if os.path.exists("dataset.csv") else None,
        }
        json.dump(told, open(os.path.join(out, "told.json"), "w"))
        """;

    [Fact]
    public async Task Arguments_environment_and_a_binary_dataset_arrive_unchanged()
    {
        string[] arguments = ["--name", "it's \"quoted\" \\ $HOME `x`", "two\nlines\tand\ttabs", "", "日本語 – naïve 🚀", "--", "*", new('x', 4000)];
        var environment = new Dictionary<string, string> { ["MY_TEXT"] = "a \"b\"\n'c' ünï 🚀", ["MY_EMPTY"] = "", ["MY_PATH"] = "$PATH" };
        byte[] dataset = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7)), 13, 10, 10, 0, 26, 255, 254];
        var (job, told) = await TellAsync("told", dataset, "data.bin", JsonSerializer.Serialize(new { arguments, environment }));

        Assert.Equal(arguments, told["arguments"]!.AsArray().Select(argument => (string)argument!));
        Assert.Equal(arguments, told["variable"]!.AsArray().Select(argument => (string)argument!));
        foreach (var (name, value) in environment)
            Assert.Equal(value, (string?)told["environment"]![name]);
        Assert.Equal(("told", (string)job["id"]!, "1"), ((string)told["environment"]!["LARDER_MODEL"]!, (string)told["environment"]!["LARDER_JOB_ID"]!, (string)told["environment"]!["LARDER_ATTEMPT"]!));
        // Nothing that opens more than the script needs.
        Assert.DoesNotContain("_URL", told["environment"]!.ToJsonString());
        Assert.Equal(Hash(dataset), (string?)told["sha256"]);
        Assert.Equal(["data.bin", "train.py"], told["names"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(Hash(dataset), (string?)job["inputs"]!.AsArray().Single(input => (string?)input!["name"] == "dataset")!["sha256"]);
    }

    [Fact]
    public async Task What_a_job_was_given_can_be_read_back_without_its_secrets()
    {
        const string script = "import sys\nsys.exit(3)\n";
        var dataset = "a,b\n1,2\n"u8.ToArray();
        var job = await larder.TrainAsync("read-back", script, dataset, """{"arguments": ["--x"], "environment": {"KEY": {"secret": "s3cr3t-value"}}}""", "rows.csv");
        var inputs = $"/api/v1/jobs/{job["id"]}/inputs";

        var listed = (await larder.Client.GetJsonAsync(inputs)).Body;
        Assert.True(JsonNode.DeepEquals(job["inputs"], listed["inputs"]));
        Assert.Equal("--x", (string?)listed["options"]!["arguments"]![0]);
        Assert.Equal(script, await larder.Client.GetStringAsync($"{inputs}/script"));
        using var data = await larder.Client.GetAsync($"{inputs}/dataset");
        Assert.Equal(dataset, await data.Content.ReadAsByteArrayAsync());
        Assert.Equal(("text/csv", "rows.csv", $"\"{Hash(dataset)}\""), (data.Content.Headers.ContentType!.MediaType, data.Content.Headers.ContentDisposition!.FileNameStar, data.Headers.ETag!.Tag));
        var options = await larder.Client.GetStringAsync($"{inputs}/options");
        Assert.True(JsonNode.DeepEquals(job["options"], JsonNode.Parse(options)), options);
        Assert.DoesNotContain("s3cr3t", options);
        using var part = new HttpRequestMessage(HttpMethod.Get, $"{inputs}/options") { Headers = { Range = new(1, 3) } };
        using var answer = await larder.Client.SendAsync(part);
        Assert.Equal(options[1..4], await answer.Content.ReadAsStringAsync());
        Assert.Equal(404, (await larder.Client.GetJsonAsync($"{inputs}/requirements")).Code);
    }

    [Fact]
    public async Task A_dataset_has_its_own_name_and_stays_in_the_work_folder()
    {
        var dataset = "sepal,petal\n1,2\n"u8.ToArray();
        (string Sent, string Expected, bool IsCsv)[] cases =
        [
            ("irisdaten für Grüße – 花.csv", "irisdaten für Grüße – 花.csv", true),
            ("../../../etc/pass wd.CSV", "pass wd.CSV", true),
            ("..\\..\\x.parquet", "x.parquet", false),
            ("train.py", "dataset-train.py", false),
            ("..", "dataset", false),
        ];
        await Task.WhenAll(cases.Select(async one =>
        {
            var (job, told) = await TellAsync("named", dataset, one.Sent, options: null);

            Assert.Equal((one.Expected, true), ((string?)told["dataset"], (bool)told["folder"]!));
            Assert.Equal(one.IsCsv ? Hash(dataset) : null, (string?)told["csv"]);
            string[] names = [one.Expected, "train.py", .. one.IsCsv ? new[] { "dataset.csv" } : []];
            Assert.Equal(names.Order(StringComparer.Ordinal), told["names"]!.AsArray().Select(name => (string)name!).Order(StringComparer.Ordinal));
            Assert.DoesNotContain("/", (string)job["inputs"]!.AsArray().Single(input => (string?)input!["name"] == "dataset")!["file_name"]!);
        }));
    }

    [Fact]
    public async Task Secrets_are_masked_in_the_log_and_are_nowhere_but_in_the_file_that_a_retry_needs()
    {
        const string secret = "pä\"ss-4712-wörd";
        const string script = """
            import json, os, sys, urllib.parse
            token = os.environ["MY_TOKEN"]
            assert token == "pä\"ss-" + "4712-wörd"  # the script is stored, too
            print("raw", token, "plain", os.environ["MY_PLAIN"])
            print("json", json.dumps(token), repr(token), urllib.parse.quote(token))
            print(token, file=sys.stderr)
            sys.exit("it ended with " + token)
            """;
        var options = JsonSerializer.Serialize(new { environment = new Dictionary<string, object> { ["MY_TOKEN"] = new { secret }, ["MY_PLAIN"] = "seen" } });
        var job = await larder.TrainAsync("secretive", script, options: options);
        var id = (string)job["id"]!;

        Assert.Equal("The script ended with exit code 1: it ended with ***", (string?)job["reason"]);
        var lines = await larder.LinesAsync(id);
        Assert.Equal(
            ["err ***", "err it ended with ***", "out json \"***\" '***' ***", "out raw *** plain seen", "sys The script ended with exit code 1: it ended with ***"],
            lines.Order(StringComparer.Ordinal));
        Assert.Equal("***", (string?)job["options"]!["environment"]!["MY_TOKEN"]!["secret"]);
        Assert.Equal("seen", (string?)job["options"]!["environment"]!["MY_PLAIN"]);
        Assert.Equal([$"job-{id}/secrets.json"], await larder.BlobsWithAsync("ss-4712-w"));
        foreach (var path in new[] { "", $"/{id}", $"/{id}/logs", $"/{id}/outputs" })
            Assert.DoesNotContain("4712-w", (await larder.Client.GetJsonAsync($"/api/v1/jobs{path}")).Body.ToJsonString());
        Assert.DoesNotContain("4712-w", larder.Log);

        var again = await larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/retry");
        job = await larder.EndAsync((string)again.Body["job"]!["id"]!);
        Assert.Equal("The script ended with exit code 1: it ended with ***", (string?)job["reason"]);
        Assert.Equal(id, (string?)job["retry_of"]);
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));

    private async Task<(JsonNode Job, JsonNode Told)> TellAsync(string model, byte[] dataset, string name, string? options)
    {
        var job = await larder.TrainAsync(model, Tell, dataset, options, name);
        Assert.True(((string)job["reason"]!).StartsWith("The training left no model", StringComparison.Ordinal), job.ToString());
        return (job, JsonNode.Parse(await larder.Client.GetStringAsync($"/api/v1/jobs/{job["id"]}/outputs/told.json"))!);
    }
}
