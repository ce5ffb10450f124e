using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.MLflow;

/// <summary>MLflow's experiments over HTTP.</summary>
[Collection(nameof(SharedLarder))]
public sealed class ExperimentApiTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task An_experiment_is_created_and_shown_by_id_and_by_name()
    {
        var name = $"bread {Guid.NewGuid()}";
        var id = (string)(await _client.PostAsync("experiments/create", $$"""{"name":"{{name}}","tags":[{"key":"mill","value":"stone"}]}"""))["experiment_id"]!;

        var shown = (await _client.AskAsync($"experiments/get?experiment_id={id}"))["experiment"]!;

        Assert.Matches("^[0-9]{18}$", id);
        Assert.Equal((id, name, "active", $"mlflow-artifacts:/{id}"), ((string)shown["experiment_id"]!, (string)shown["name"]!, (string)shown["lifecycle_stage"]!, (string)shown["artifact_location"]!));
        Assert.Equal("""[{"key":"mill","value":"stone"}]""", shown["tags"]!.ToJsonString());
        Assert.True((long)shown["creation_time"]! > 1_600_000_000_000);
        Assert.Equal(shown.ToJsonString(), (await _client.AskAsync($"experiments/get-by-name?experiment_name={Uri.EscapeDataString(name)}"))["experiment"]!.ToJsonString());
        Assert.Equal("Default", (string)(await _client.AskAsync("experiments/get?experiment_id=0"))["experiment"]!["name"]!);
    }

    [Theory]
    [InlineData("experiments/create", """{}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'. See the API docs for more information about request parameters.")]
    [InlineData("experiments/create", """{"name":null}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'. See the API docs for more information about request parameters.")]
    [InlineData("experiments/create", """{"name":31}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 31 for parameter 'name' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters.")]
    [InlineData("experiments/create", """{"name":""}""", 400, "INVALID_PARAMETER_VALUE", "Invalid experiment name: ''")]
    [InlineData("experiments/create", """{"name":"Default"}""", 400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=Default) already exists.")]
    [InlineData("experiments/create", """{"name":"x","artifact_location":"runs:/x"}""", 400, "INVALID_PARAMETER_VALUE", "Artifact location cannot be a runs:/ URI. Given: 'runs:/x'")]
    [InlineData("experiments/create", """{"name":"x","tags":"x"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value \"x\" for parameter 'tags' supplied:  Hint: Value was of type 'str'. See the API docs for more information about request parameters.")]
    [InlineData("experiments/create", """{"name":"x","tags":[{"value":"x"}]}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'tags[0].key'. See the API docs for more information about request parameters.")]
    [InlineData("experiments/get?experiment_id=17", null, 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=17 exists")]
    [InlineData("experiments/get?experiment_id=..%2f17", null, 400, "INVALID_PARAMETER_VALUE", "Invalid experiment ID: '../17'")]
    [InlineData("experiments/get", null, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'experiment_id'. See the API docs for more information about request parameters.")]
    [InlineData("experiments/get-by-name?experiment_name=none", null, 404, "RESOURCE_DOES_NOT_EXIST", "Could not find experiment with name 'none'")]
    [InlineData("experiments/update", """{"experiment_id":"17","new_name":"x"}""", 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=17 exists")]
    [InlineData("experiments/update", """{"experiment_id":"17"}""", 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=17 exists")]
    [InlineData("experiments/delete", """{"experiment_id":"17"}""", 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=17 exists")]
    [InlineData("experiments/restore", """{"experiment_id":"0"}""", 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=0 exists")]
    [InlineData("experiments/purge", """{"experiment_id":"17"}""", 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=17 exists")]
    [InlineData("experiments/set-experiment-tag", """{"experiment_id":"0","key":"k"}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'value'. See the API docs for more information about request parameters.")]
    [InlineData("experiments/delete-experiment-tag", """{"experiment_id":"0","key":"none"}""", 404, "RESOURCE_DOES_NOT_EXIST", "No tag with name: none in experiment with id 0")]
    [InlineData("experiments/search", """{"max_results":0}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 0 for parameter 'max_results' supplied. It must be at least 1 and at most 50000.")]
    [InlineData("experiments/search", """{"max_results":50001}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 50001 for parameter 'max_results' supplied. It must be at least 1 and at most 50000.")]
    [InlineData("experiments/search", """{"max_results":true}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value true for parameter 'max_results' supplied:  Hint: Value was of type 'bool'. See the API docs for more information about request parameters.")]
    [InlineData("experiments/search?max_results=x", null, 400, "INVALID_PARAMETER_VALUE", "Invalid value \"x\" for parameter 'max_results' supplied:  Hint: Value was of type 'str'. See the API docs for more information about request parameters.")]
    [InlineData("experiments/search", """{"view_type":"SOME"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value \"SOME\" for parameter 'view_type' supplied: it must be ACTIVE_ONLY, DELETED_ONLY or ALL.")]
    [InlineData("experiments/search", """{"filter":"params.x = 'y'"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid entity type 'params'. Valid values are ['tag', 'attribute'] (at character 1)")]
    [InlineData("experiments/search-datasets", """{"experiment_ids":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17","18","19","20","21"]}""", 400, "INVALID_PARAMETER_VALUE", "experiment_ids can have at most 20 ids; got 21.")]
    public Task A_wrong_call_is_refused(string call, string? json, int status, string code, string message) => _client.RefusedAsync(call, json, status, code, message);

    [Fact]
    public async Task An_experiment_is_renamed_tagged_deleted_restored_and_deleted_for_good()
    {
        var (id, name) = (await _client.NewExperimentAsync(), $"renamed {Guid.NewGuid()}");

        foreach (var (call, json) in new[]
        {
            ("experiments/update", $$"""{"experiment_id":"{{id}}","new_name":"{{name}}"}"""), ("experiments/set-experiment-tag", $$"""{"experiment_id":"{{id}}","key":"a","value":"1"}"""),
            ("experiments/set-experiment-tag", $$"""{"experiment_id":"{{id}}","key":"b","value":"2"}"""), ("experiments/delete-experiment-tag", $$"""{"experiment_id":"{{id}}","key":"a"}"""),
        })
        {
            Assert.Equal("{}", (await _client.PostAsync(call, json)).ToJsonString());
        }
        var shown = (await _client.AskAsync($"experiments/get?experiment_id={id}"))["experiment"]!;
        Assert.Equal((name, """[{"key":"b","value":"2"}]"""), ((string)shown["name"]!, shown["tags"]!.ToJsonString()));

        await _client.RefusedAsync("experiments/purge", $$"""{"experiment_id":"{{id}}"}""", 400, "INVALID_PARAMETER_VALUE", $"The experiment {id} must be in the 'deleted' state. Current state is active.");
        await _client.PostAsync("experiments/delete", $$"""{"experiment_id":"{{id}}"}""");
        Assert.Equal("deleted", (string)(await _client.AskAsync($"experiments/get?experiment_id={id}"))["experiment"]!["lifecycle_stage"]!);
        await _client.PostAsync("experiments/restore", $$"""{"experiment_id":"{{id}}"}""");
        Assert.Equal("active", (string)(await _client.AskAsync($"experiments/get?experiment_id={id}"))["experiment"]!["lifecycle_stage"]!);
        await _client.PostAsync("experiments/delete", $$"""{"experiment_id":"{{id}}"}""");
        await _client.PostAsync("experiments/purge", $$"""{"experiment_id":"{{id}}"}""");
        await _client.RefusedAsync($"experiments/get?experiment_id={id}", null, 404, "RESOURCE_DOES_NOT_EXIST", $"No Experiment with id={id} exists");
    }

    [Fact]
    public async Task Experiments_are_searched_in_pages_by_GET_and_by_POST()
    {
        var tag = $"{Guid.NewGuid():N}";
        for (var i = 0; i < 3; i++)
            await _client.PostAsync("experiments/create", $$"""{"name":"{{tag}}-{{i}}","tags":[{"key":"page","value":"{{tag}}"}]}""");

        var first = await _client.PostAsync("experiments/search", $$"""{"max_results":2,"filter":"tags.page = '{{tag}}'","order_by":["name DESC"]}""");
        var rest = await _client.AskAsync($"experiments/search?max_results=2&filter={Uri.EscapeDataString($"tags.page = '{tag}'")}&order_by=name%20DESC&page_token={first["next_page_token"]}");
        var deleted = await _client.PostAsync("experiments/search", $$"""{"filter":"tags.page = '{{tag}}'","view_type":"DELETED_ONLY"}""");

        Assert.Equal([$"{tag}-2", $"{tag}-1"], first["experiments"]!.AsArray().Select(one => (string)one!["name"]!));
        Assert.Equal([$"{tag}-0"], rest["experiments"]!.AsArray().Select(one => (string)one!["name"]!));
        Assert.Null(rest["next_page_token"]);
        Assert.Equal("{}", deleted.ToJsonString());
    }

    [Fact]
    public async Task The_data_sets_of_experiments_are_listed()
    {
        var experiment = await _client.NewExperimentAsync();
        var run = await _client.NewRunAsync(experiment);
        await _client.PostAsync("runs/log-inputs", $$$"""{"run_id":"{{{run}}}","datasets":[{"tags":[{"key":"mlflow.data.context","value":"training"}],"dataset":{"name":"iris","digest":"1f2e","source_type":"http","source":"{}"}}]}""");

        var found = await _client.PostAsync("experiments/search-datasets", $$"""{"experiment_ids":["{{experiment}}"]}""");

        Assert.Equal($$"""{"dataset_summaries":[{"experiment_id":"{{experiment}}","name":"iris","digest":"1f2e","context":"training"}]}""", found.ToJsonString());
    }
}
