using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.MLflow;

/// <summary>MLflow's runs over HTTP.</summary>
[Collection(nameof(SharedLarder))]
public sealed class RunApiTests(LarderFixture larder)
{
    private const string None = "0123456789abcdef0123456789abcdef";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_run_is_created_and_shown_as_the_client_expects_it()
    {
        var created = (await _client.PostAsync("runs/create", """{"experiment_id":"0","user_id":"baker","start_time":1700000000000,"run_name":"first","tags":[{"key":"mlflow.parentRunId","value":"x"}]}"""))["run"]!;
        var id = (string)created["info"]!["run_id"]!;

        Assert.Equal(
            $$$"""{"info":{"run_uuid":"{{{id}}}","run_id":"{{{id}}}","run_name":"first","experiment_id":"0","user_id":"baker","status":"RUNNING","start_time":1700000000000,"artifact_uri":"mlflow-artifacts:/0/{{{id}}}/artifacts","lifecycle_stage":"active"},"data":{"tags":[{"key":"mlflow.parentRunId","value":"x"},{"key":"mlflow.runName","value":"first"}]},"inputs":{},"outputs":{}}""",
            created.ToJsonString());
        Assert.Equal(created.ToJsonString(), (await _client.RunAsync(id)).ToJsonString());
        Assert.Equal(created.ToJsonString(), (await _client.AskAsync($"runs/get?run_uuid={id}"))["run"]!.ToJsonString());
        Assert.NotEmpty((string)(await _client.PostAsync("runs/create", "{}"))["run"]!["info"]!["run_name"]!);
    }

    [Theory]
    [InlineData("runs/create", """{"experiment_id":"17"}""", 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=17 exists")]
    [InlineData("runs/create", """{"experiment_id":0}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 0 for parameter 'experiment_id' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters.")]
    [InlineData("runs/create", """{"start_time":1.5}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 1.5 for parameter 'start_time' supplied:  Hint: Value was of type 'float'. See the API docs for more information about request parameters.")]
    [InlineData("runs/create", """{"tags":[{"key":"a$","value":"x"}]}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value \"a$\" for parameter 'tags[0].key' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).")]
    [InlineData("runs/get?run_id=" + None, null, 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=" + None + " not found")]
    [InlineData("runs/get?run_id=..%2fx", null, 400, "INVALID_PARAMETER_VALUE", "Invalid value \"../x\" for parameter 'run_id' supplied.")]
    [InlineData("runs/get", null, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.")]
    [InlineData("runs/update", """{"run_id":"0123456789abcdef0123456789abcdef","status":"FINISHED"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=" + None + " not found")]
    [InlineData("runs/update", """{"run_id":"0123456789abcdef0123456789abcdef","status":"OVER"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value \"OVER\" for parameter 'status' supplied: it must be RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.")]
    [InlineData("runs/update", """{"run_id":31}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 31 for parameter 'run_id' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters.")]
    [InlineData("runs/delete", """{"run_id":"0123456789abcdef0123456789abcdef"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=" + None + " not found")]
    [InlineData("runs/restore", """{}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.")]
    [InlineData("runs/purge", """{"run_id":"0123456789abcdef0123456789abcdef"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=" + None + " not found")]
    [InlineData("runs/search", """{"experiment_ids":["0"],"max_results":50001}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 50001 for parameter 'max_results' supplied. It must be at least 1 and at most 50000.")]
    [InlineData("runs/search", """{"experiment_ids":["0"],"filter":"metrics.loss > 'x'"}""", 400, "INVALID_PARAMETER_VALUE", "Expected numeric value type for metric 'loss'. Found 'x' (at character 16)")]
    [InlineData("runs/search", """{"experiment_ids":["0"],"order_by":["recipes.x"]}""", 400, "INVALID_PARAMETER_VALUE", "Invalid entity type 'recipes'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset'] (at character 1)")]
    [InlineData("runs/search", """{"experiment_ids":["0"],"page_token":"wrong"}""", 400, "INVALID_PARAMETER_VALUE", "The cursor is none that an earlier page of this list gave.")]
    [InlineData("runs/search", """{"experiment_ids":["../0"]}""", 400, "INVALID_PARAMETER_VALUE", "Invalid experiment ID: '../0'")]
    public Task A_wrong_call_is_refused(string call, string? json, int status, string code, string message) => _client.RefusedAsync(call, json, status, code, message);

    [Fact]
    public async Task A_run_ends_and_may_run_again()
    {
        var id = await _client.NewRunAsync();

        var ended = (await _client.PostAsync("runs/update", $$"""{"run_uuid":"{{id}}","status":"FINISHED","end_time":"1700000000001"}"""))["run_info"]!;
        var again = (await _client.PostAsync("runs/update", $$"""{"run_id":"{{id}}","status":"RUNNING","run_name":"again"}"""))["run_info"]!;

        Assert.Equal(("FINISHED", 1700000000001), ((string)ended["status"]!, (long)ended["end_time"]!));
        Assert.Equal(("RUNNING", "again"), ((string)again["status"]!, (string)again["run_name"]!));
        Assert.Null(again["end_time"]);
    }

    [Fact]
    public async Task A_run_is_deleted_restored_and_deleted_for_good()
    {
        var id = await _client.NewRunAsync();
        var named = $$"""{"run_id":"{{id}}"}""";

        await _client.RefusedAsync("runs/purge", named, 400, "INVALID_PARAMETER_VALUE", $"The run {id} must be in the 'deleted' state. Current state is active.");
        await _client.PostAsync("runs/delete", named);
        Assert.Equal("deleted", (string)(await _client.RunAsync(id))["info"]!["lifecycle_stage"]!);
        await _client.RefusedAsync("runs/update", $$"""{"run_id":"{{id}}","status":"FAILED"}""", 400, "INVALID_PARAMETER_VALUE", $"The run {id} must be in the 'active' state. Current state is deleted.");
        await _client.PostAsync("runs/restore", named);
        Assert.Equal("active", (string)(await _client.RunAsync(id))["info"]!["lifecycle_stage"]!);
        await _client.PostAsync("runs/delete", named);
        await _client.PostAsync("runs/purge", named);
        await _client.RefusedAsync($"runs/get?run_id={id}", null, 404, "RESOURCE_DOES_NOT_EXIST", $"Run with id={id} not found");
    }

    [Fact]
    public async Task Runs_are_searched_in_pages()
    {
        var experiment = await _client.NewExperimentAsync();
        for (var i = 0; i < 5; i++)
        {
            var id = await _client.NewRunAsync(experiment, $$""","run_name":"run{{i}}","start_time":{{i}}""");
            await _client.PostAsync("runs/log-batch", $$"""{"run_id":"{{id}}","metrics":[{"key":"loss","value":{{i}},"timestamp":1}],"params":[{"key":"odd","value":"{{i % 2}}"}]}""");
        }

        Assert.Equal("run4 run3 run2 run1 run0", await NamesAsync(""));
        Assert.Equal("run1 run3", await NamesAsync(""","filter":"params.odd = '1'","order_by":["metrics.loss ASC"]"""));
        Assert.Equal("run4 run0", await NamesAsync(""","filter":"metrics.loss > 3 OR (metrics.loss < 1 AND NOT params.odd = '1')" """));
        Assert.Equal("run2 run1", await NamesAsync(""","filter":"run_name IN ('run1', 'run2')","order_by":"attributes.start_time DESC" """));
        Assert.Equal("", await NamesAsync(""","run_view_type":"DELETED_ONLY" """));

        async Task<string> NamesAsync(string rest)
        {
            var (names, token) = (new List<string>(), "");
            do
            {
                var page = await _client.PostAsync("runs/search", $$"""{"experiment_ids":["{{experiment}}"],"max_results":2,"page_token":"{{token}}"{{rest}}}""");
                names.AddRange(page["runs"]?.AsArray().Select(run => (string)run!["info"]!["run_name"]!) ?? []);
                token = (string?)page["next_page_token"] ?? "";
            }
            while (token.Length > 0);
            return string.Join(' ', names);
        }
    }
}
