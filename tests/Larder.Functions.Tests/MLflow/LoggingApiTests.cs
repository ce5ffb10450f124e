using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.MLflow;

/// <summary>What MLflow's client logs, over HTTP: metrics and their history, params, tags, batches, inputs and outputs.</summary>
[Collection(nameof(SharedLarder))]
public sealed class LoggingApiTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Metrics_params_and_tags_are_logged_one_by_one()
    {
        var id = await _client.NewRunAsync();
        foreach (var (call, rest) in new[]
        {
            ("runs/log-metric", """ "key":"loss","value":0.5,"timestamp":1 """), ("runs/log-metric", """ "key":"loss","value":0.25,"timestamp":"2","step":3 """),
            ("runs/log-parameter", """ "key":"depth","value":"3" """), ("runs/log-parameter", """ "key":"depth","value":"3" """), ("runs/log-parameter", """ "key":"empty" """),
            ("runs/set-tag", """ "key":"kind","value":"tree" """), ("runs/set-tag", """ "key":"gone","value":"x" """), ("runs/delete-tag", """ "key":"gone" """),
        })
        {
            Assert.Equal("{}", (await _client.PostAsync(call, $$"""{"run_id":"{{id}}",{{rest}}}""")).ToJsonString());
        }

        var data = (await _client.RunAsync(id))["data"]!;

        Assert.Equal("""[{"key":"loss","value":0.25,"timestamp":2,"step":3}]""", data["metrics"]!.ToJsonString());
        Assert.Equal("""[{"key":"depth","value":"3"},{"key":"empty","value":""}]""", data["params"]!.ToJsonString());
        Assert.Contains("""{"key":"kind","value":"tree"}""", data["tags"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("gone", data["tags"]!.ToJsonString(), StringComparison.Ordinal);
        await _client.RefusedAsync("runs/log-parameter", $$"""{"run_id":"{{id}}","key":"depth","value":"4"}""", 400, "INVALID_PARAMETER_VALUE",
            $"Changing param values is not allowed. Param with key='depth' was already logged with value='3' for run ID='{id}'. Attempted logging new value '4'.");
        await _client.RefusedAsync("runs/delete-tag", $$"""{"run_id":"{{id}}","key":"gone"}""", 404, "RESOURCE_DOES_NOT_EXIST", $"No tag with name: gone in run with id {id}");
    }

    [Theory]
    [InlineData("runs/log-metric", """ "value":1,"timestamp":1 """, "Missing value for required parameter 'key'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-metric", """ "key":"a","timestamp":1 """, "Missing value for required parameter 'value'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-metric", """ "key":"a","value":1 """, "Missing value for required parameter 'timestamp'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-metric", """ "key":"a","value":"high","timestamp":1 """, "Invalid value \"high\" for parameter 'value' supplied:  Hint: Value was of type 'str'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-metric", """ "key":"a","value":true,"timestamp":1 """, "Invalid value true for parameter 'value' supplied:  Hint: Value was of type 'bool'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-metric", """ "key":"a","value":1,"timestamp":"now" """, "Invalid value \"now\" for parameter 'timestamp' supplied:  Hint: Value was of type 'str'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-metric", """ "key":"a","value":1,"timestamp":-1 """, "Invalid value -1 for parameter 'timestamp' supplied: Timestamp must be a nonnegative long (64-bit integer).")]
    [InlineData("runs/log-metric", """ "key":"a","value":1,"timestamp":1,"step":9223372036854775808 """, "Invalid value 9223372036854775808 for parameter 'step' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-metric", """ "key":"../a","value":1,"timestamp":1 """, "Invalid value \"../a\" for parameter 'name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to \"../a\"")]
    [InlineData("runs/log-parameter", """ "key":"a#b","value":"x" """, "Invalid value \"a#b\" for parameter 'key' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).")]
    [InlineData("runs/log-parameter", """ "key":"a","value":1 """, "Invalid value 1 for parameter 'value' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters.")]
    [InlineData("runs/set-tag", """ "key":"a" """, "Missing value for required parameter 'value'. See the API docs for more information about request parameters.")]
    [InlineData("runs/set-tag", """ "key":["a"],"value":"x" """, "Invalid value [\"a\"] for parameter 'key' supplied:  Hint: Value was of type 'list'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-batch", """ "metrics":[{"key":"a","value":1}] """, "Missing value for required parameter 'metrics[0].timestamp'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-batch", """ "metrics":[{"key":"a","value":{"x":1},"timestamp":1}] """, "Invalid value {\"x\":1} for parameter 'metrics[0].value' supplied:  Hint: Value was of type 'dict'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-batch", """ "metrics":{"a":1} """, "Invalid value {\"a\":1} for parameter 'metrics' supplied:  Hint: Value was of type 'dict'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-batch", """ "params":[{"key":"a","value":"1"},{"key":"a","value":"1"}] """, "Duplicate parameter keys have been submitted: ['a']. Please ensure the request contains only one param value per param key.")]
    [InlineData("runs/log-batch", """ "tags":[{"value":"1"}] """, "Missing value for required parameter 'tags[0].key'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-inputs", """ "datasets":[{"tags":[]}] """, "Missing value for required parameter 'datasets[0].dataset'. See the API docs for more information about request parameters.")]
    [InlineData("runs/log-model", """ "model_json":"{" """, "Malformed model info. \n { \n is not valid JSON.")]
    public async Task A_wrong_call_is_refused(string call, string rest, string message) =>
        await _client.RefusedAsync(call, $$"""{"run_id":"{{await _client.NewRunAsync()}}",{{rest}}}""", 400, "INVALID_PARAMETER_VALUE", message);

    [Fact]
    public async Task A_batch_is_logged_whole_or_not_at_all()
    {
        var id = await _client.NewRunAsync();
        Assert.Equal("{}", (await _client.PostAsync("runs/log-batch", $$"""
            {"run_id":"{{id}}","metrics":[{"key":"a","value":1,"timestamp":1,"step":1},{"key":"a","value":2,"timestamp":1,"step":2}],"params":[{"key":"depth","value":"3"}],"tags":[{"key":"t","value":"x"}]}
            """)).ToJsonString());
        var before = (await _client.RunAsync(id)).ToJsonString();

        var (status, _) = await _client.SendAsync("runs/log-batch", $$"""{"run_id":"{{id}}","metrics":[{"key":"a","value":3,"timestamp":1,"step":3}],"params":[{"key":"depth","value":"4"}],"tags":[{"key":"t","value":"y"}]}""");

        Assert.Equal(400, status);
        Assert.Equal(before, (await _client.RunAsync(id)).ToJsonString());
        Assert.Equal(2, (await _client.AskAsync($"metrics/get-history?run_id={id}&metric_key=a"))["metrics"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_batch_that_is_too_large_is_refused()
    {
        var id = await _client.NewRunAsync();

        await _client.RefusedAsync("runs/log-batch", $$"""{"run_id":"{{id}}","params":[{{string.Join(',', Enumerable.Range(0, 101).Select(i => $$"""{"key":"p{{i}}","value":"x"}"""))}}]}""", 400, "INVALID_PARAMETER_VALUE",
            "A batch logging request can contain at most 100 params. Got 101 params. Please split up params across multiple requests and try again.");
        var body = $$"""{"run_id":"{{id}}","tags":[{"key":"t","value":"{{new string('x', 1_000_000)}}"}]}""";
        await _client.RefusedAsync("runs/log-batch", body, 400, "INVALID_PARAMETER_VALUE", $"Batched logging API requests must be at most 1000000 bytes, got a request of size {body.Length}.");
        // Also where no header says how long it is.
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/api/2.0/mlflow/runs/log-batch") { Content = new StringContent(body, new MediaTypeHeaderValue("application/json")) };
        chunked.Headers.TransferEncodingChunked = true;
        using var refused = await _client.SendAsync(chunked);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains($"got a request of size {body.Length}.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await _client.RefusedAsync("runs/set-tag", $$"""{"run_id":"{{id}}","key":"t","value":"{{new string('x', 8001)}}"}""", 400, "INVALID_PARAMETER_VALUE", "'value' exceeds the maximum length of 8000 characters");
    }

    [Theory]
    [InlineData("\"NaN\"", "\"NaN\"")]
    [InlineData("\"Infinity\"", "1.7976931348623157E+308")]
    [InlineData("\"-Infinity\"", "-1.7976931348623157E+308")]
    [InlineData("1e400", "1.7976931348623157E+308")]
    [InlineData("\"0.5\"", "0.5")]
    [InlineData("3", "3")]
    public async Task A_value_is_any_number(string sent, string shown)
    {
        var id = await _client.NewRunAsync();

        await _client.PostAsync("runs/log-metric", $$"""{"run_id":"{{id}}","key":"a","value":{{sent}},"timestamp":1}""");

        Assert.Equal(shown, (await _client.RunAsync(id))["data"]!["metrics"]![0]!["value"]!.ToJsonString());
        Assert.Equal(shown, (await _client.AskAsync($"metrics/get-history?run_id={id}&metric_key=a"))["metrics"]![0]!["value"]!.ToJsonString());
    }

    [Fact]
    public async Task A_history_is_read_in_pages()
    {
        var id = await _client.NewRunAsync();
        await _client.PostAsync("runs/log-batch", $$"""{"run_id":"{{id}}","metrics":[{{string.Join(',', Enumerable.Range(0, 1000).Select(i => $$"""{"key":"a","value":{{i}},"timestamp":1,"step":{{999 - i}}}"""))}}]}""");

        var (steps, token) = (new List<long>(), "");
        do
        {
            var page = await _client.AskAsync($"metrics/get-history?run_uuid={id}&metric_key=a&max_results=300&page_token={token}");
            steps.AddRange(page["metrics"]!.AsArray().Select(metric => (long)metric!["step"]!));
            token = (string?)page["next_page_token"] ?? "";
        }
        while (token.Length > 0);

        Assert.Equal(Enumerable.Range(0, 1000).Select(step => (long)step), steps);
        Assert.Equal("{}", (await _client.AskAsync($"metrics/get-history?run_id={id}&metric_key=none")).ToJsonString());
        await _client.RefusedAsync($"metrics/get-history?run_id={id}&metric_key=a&max_results=25001", null, 400, "INVALID_PARAMETER_VALUE", "Invalid value 25001 for parameter 'max_results' supplied. It must be at least 1 and at most 25000.");
        await _client.RefusedAsync($"metrics/get-history?run_id={id}", null, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'metric_key'. See the API docs for more information about request parameters.");
    }

    [Fact]
    public async Task A_long_history_is_sampled_for_a_chart()
    {
        var ids = new[] { await _client.NewRunAsync(), await _client.NewRunAsync() };
        string Batch(string run, IEnumerable<int> steps) =>
            $$"""{"run_id":"{{run}}","metrics":[{{string.Join(',', steps.Select(step => $$"""{"key":"a","value":{{step}},"timestamp":1,"step":{{step}}}"""))}}]}""";
        await _client.PostAsync("runs/log-batch", Batch(ids[0], Enumerable.Range(0, 1000)));
        await _client.PostAsync("runs/log-batch", Batch(ids[1], Enumerable.Range(300, 5).Select(step => step * 7)));
        async Task<IReadOnlyList<(string Run, long Step)>> AskAsync(string rest) =>
            [.. ((await _client.AskAsync($"metrics/get-history-bulk-interval?run_ids={ids[0]}&run_ids={ids[1]}&metric_key=a{rest}"))["metrics"]?.AsArray() ?? []).Select(metric => ((string)metric!["run_id"]!, (long)metric["step"]!))];

        Assert.Equal(1005, (await AskAsync("")).Count);
        Assert.Equal(
            [(ids[0], 0), (ids[0], 201), (ids[0], 402), (ids[0], 603), (ids[0], 804), (ids[0], 999), (ids[1], 2100), (ids[1], 2128)],
            await AskAsync("&max_results=5"));
        Assert.Equal([(ids[0], 500), (ids[0], 550), (ids[0], 599)], await AskAsync("&max_results=2&start_step=500&end_step=599"));
        Assert.Empty(await AskAsync("&start_step=5000&end_step=6000"));
        foreach (var (rest, message) in new[]
        {
            ("&max_results=0", "max_results must be between 1 and 2500."), ("&max_results=2501", "max_results must be between 1 and 2500."),
            ("&start_step=1", "If either start step or end step are specified, both must be specified."), ("&end_step=1", "If either start step or end step are specified, both must be specified."),
            ("&start_step=2&end_step=1", "end_step must be greater than start_step. Found start_step=2 and end_step=1."),
        })
        {
            await _client.RefusedAsync($"metrics/get-history-bulk-interval?run_ids={ids[0]}&metric_key=a{rest}", null, 400, "INVALID_PARAMETER_VALUE", message);
        }
        await _client.RefusedAsync($"metrics/get-history-bulk-interval?metric_key=a{string.Concat(Enumerable.Range(0, 101).Select(i => $"&run_ids=r{i}"))}", null, 400, "INVALID_PARAMETER_VALUE", "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received 101 run_ids.");
        await _client.RefusedAsync("metrics/get-history-bulk-interval?run_ids=0123456789abcdef0123456789abcdef&metric_key=a", null, 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=0123456789abcdef0123456789abcdef not found");
    }

    [Fact]
    public async Task A_bulk_history_names_the_run_of_each_value()
    {
        var ids = new[] { await _client.NewRunAsync(), await _client.NewRunAsync() };
        foreach (var id in ids)
            await _client.PostAsync("runs/log-metric", $$"""{"run_id":"{{id}}","key":"a","value":1,"timestamp":1}""");

        var found = (await _client.AskAsync($"metrics/get-history-bulk?run_id={ids[0]}&run_id={ids[1]}&metric_key=a"))["metrics"]!.AsArray();

        Assert.Equal(ids.Order(StringComparer.Ordinal), found.Select(metric => (string)metric!["run_id"]!));
        await _client.RefusedAsync($"metrics/get-history-bulk?metric_key=a{string.Concat(Enumerable.Range(0, 101).Select(i => $"&run_id=r{i}"))}", null, 400, "INVALID_PARAMETER_VALUE",
            "GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received 101 run_ids.");
    }

    [Fact]
    public async Task Inputs_outputs_and_models_are_noted()
    {
        var id = await _client.NewRunAsync();
        const string Dataset = """{"tags":[{"key":"mlflow.data.context","value":"training"}],"dataset":{"name":"iris","digest":"1f2e","source_type":"http","source":"{}","schema":"[]"}}""";

        await _client.PostAsync("runs/log-inputs", $$"""{"run_id":"{{id}}","datasets":[{{Dataset}}],"models":[{"model_id":"m-1"}]}""");
        await _client.PostAsync("runs/outputs", $$"""{"run_id":"{{id}}","models":[{"model_id":"m-2","step":5}]}""");
        await _client.PostAsync("runs/log-model", $$"""{"run_id":"{{id}}","model_json":"{\"run_id\":\"{{id}}\"}"}""");

        var run = await _client.RunAsync(id);
        Assert.Equal($$"""{"dataset_inputs":[{{Dataset}}],"model_inputs":[{"model_id":"m-1"}]}""", run["inputs"]!.ToJsonString());
        Assert.Equal("""{"model_outputs":[{"model_id":"m-2","step":5}]}""", run["outputs"]!.ToJsonString());
        var history = run["data"]!["tags"]!.AsArray().Single(tag => (string)tag!["key"]! == "mlflow.log-model.history")!["value"]!;
        Assert.Equal(id, (string)JsonNode.Parse((string)history!)![0]!["run_id"]!);
    }

    [Fact]
    public async Task Where_a_value_comes_from_is_kept()
    {
        var id = await _client.NewRunAsync();

        await _client.PostAsync("runs/log-metric", $$"""{"run_id":"{{id}}","key":"a","value":1,"timestamp":1,"model_id":"m-1","dataset_name":"iris","dataset_digest":"1f2e"}""");

        Assert.Equal(
            """{"key":"a","value":1,"timestamp":1,"step":0,"model_id":"m-1","dataset_name":"iris","dataset_digest":"1f2e"}""",
            (await _client.AskAsync($"metrics/get-history?run_id={id}&metric_key=a"))["metrics"]![0]!.ToJsonString());
    }
}
