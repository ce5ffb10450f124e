using System.Globalization;
using System.Net;
using System.Text;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Http;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.MLflow;

/// <summary>MLflow's logged models over HTTP.</summary>
[Collection(nameof(SharedLarder))]
public sealed class LoggedModelApiTests(LarderFixture larder)
{
    private const string Proxy = "/api/2.0/mlflow-artifacts/artifacts";
    private const string NoModel = "m-0123456789abcdef0123456789abcdef";
    private const string NoRun = "0123456789abcdef0123456789abcdef";
    private const string Hint = " See the API docs for more information about request parameters.";
    private const string NameRule = "provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")";
    private const string StatusRule = "for parameter 'status' supplied: it must be LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED.";

    private static readonly HttpClient Anonymous = new();

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task The_calls_of_log_model_and_register_model_make_a_version_that_predicts()
    {
        var (run, name) = (await _client.NewRunAsync(), $"logged-{Guid.NewGuid():N}");
        var made = (await _client.PostAsync(
            "logged-models", $$"""{"experiment_id":"0","name":"model","model_type":"classifier","source_run_id":"{{run}}","params":[{"key":"depth","value":"3"}],"tags":[{"key":"flour","value":"rye"}]}"""))["model"]!;
        var id = (string)made["info"]!["model_id"]!;
        Assert.Matches(@"\Am-[0-9a-f]{32}\z", id);
        Assert.Equal(
            ("0", "model", "classifier", run, $"mlflow-artifacts:/0/models/{id}/artifacts", "LOGGED_MODEL_PENDING"),
            ((string)made["info"]!["experiment_id"]!, (string)made["info"]!["name"]!, (string)made["info"]!["model_type"]!, (string)made["info"]!["source_run_id"]!, (string)made["info"]!["artifact_uri"]!, (string)made["info"]!["status"]!));
        Assert.Equal("""[{"key":"flour","value":"rye"}]""", made["info"]!["tags"]!.ToJsonString());
        Assert.Equal("""{"params":[{"key":"depth","value":"3"}]}""", made["data"]!.ToJsonString());
        Assert.True((long)made["info"]!["creation_timestamp_ms"]! > 1_600_000_000_000 && (long)made["info"]!["last_updated_timestamp_ms"]! >= (long)made["info"]!["creation_timestamp_ms"]!);

        (string Path, byte[] Bytes)[] files =
        [
            ("MLmodel", Encoding.UTF8.GetBytes($"flavors:\n  onnx:\n    data: model.onnx\n  python_function:\n    loader_module: mlflow.onnx\nmodel_id: {id}\n")), ("model.onnx", OnnxModel.Linear()), ("conda.yaml", "name: bread"u8.ToArray()),
            ("code/with space.py", "x = 1"u8.ToArray()),
        ];
        foreach (var (path, bytes) in files)
            Assert.Equal((200, "{}"), await PutAsync(id, path, bytes));
        var ready = (await _client.SendOkAsync($"PATCH logged-models/{id}", $$"""{"model_id":"{{id}}","status":"LOGGED_MODEL_READY"}"""))["model"]!;
        Assert.Equal("LOGGED_MODEL_READY", (string)ready["info"]!["status"]!);
        await _client.PostAsync("runs/outputs", $$"""{"run_id":"{{run}}","models":[{"model_id":"{{id}}","step":0}]}""");
        Assert.Equal(ready.ToJsonString(), (await _client.AskAsync($"logged-models/{id}"))["model"]!.ToJsonString());

        await _client.PostAsync("registered-models/create", $$"""{"name":"{{name}}"}""");
        var version = (await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"models:/{{id}}","run_id":"{{run}}","model_id":"{{id}}"}"""))["model_version"]!;
        Assert.Equal(
            ("1", "READY", $"models:/{id}", run, id),
            ((string)version["version"]!, (string)version["status"]!, (string)version["source"]!, (string)version["run_id"]!, (string)version["model_id"]!));
        Assert.Equal(version.ToJsonString(), (await _client.AskAsync($"model-versions/get?name={name}&version=1"))["model_version"]!.ToJsonString());
        await _client.UploadAsync($"{name}-own", OnnxModel.Linear());
        var (own, other) = (await _client.PredictAsync($"{name}-own", """{"values":[1,2,3,4]}"""), await _client.PredictAsync(name, """{"values":[1,2,3,4]}"""));
        Assert.Equal((HttpStatusCode.OK, own.Body["outputs"]!.ToJsonString()), (other.Status, other.Body["outputs"]!.ToJsonString()));

        // The version has its files still when the model is deleted.
        Assert.Equal("{}", (await _client.SendOkAsync($"DELETE logged-models/{id}")).ToJsonString());
        foreach (var (path, bytes) in files)
            Assert.Equal(bytes, await _client.GetByteArrayAsync($"{Proxy}/models/{name}/1/{Escaped(path)}"));
        await _client.RefusedAsync("model-versions/create", $$"""{"name":"{{name}}","source":"models:/{{id}}"}""", 404, "RESOURCE_DOES_NOT_EXIST", $"Logged model with ID '{id}' not found.");
    }

    [Theory]
    [InlineData("logged-models", "{}", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'experiment_id'." + Hint)]
    [InlineData("logged-models", """{"experiment_id":7}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 7 for parameter 'experiment_id' supplied:  Hint: Value was of type 'int'." + Hint)]
    [InlineData("logged-models", """{"experiment_id":"17"}""", 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=17 exists")]
    [InlineData("logged-models", """{"experiment_id":"../0"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid experiment ID: '../0'")]
    [InlineData("logged-models", """{"experiment_id":"0","name":3}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 3 for parameter 'name' supplied:  Hint: Value was of type 'int'." + Hint)]
    [InlineData("logged-models", """{"experiment_id":"0","name":"a/b"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid model name ('a/b') " + NameRule)]
    [InlineData("logged-models", """{"experiment_id":"0","name":"../../etc/passwd"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid model name ('../../etc/passwd') " + NameRule)]
    [InlineData("logged-models", """{"experiment_id":"0","name":"%2e%2e"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid model name ('%2e%2e') " + NameRule)]
    [InlineData("logged-models", """{"experiment_id":"0","name":"C:"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid model name ('C:') " + NameRule)]
    [InlineData("logged-models", """{"experiment_id":"0","source_run_id":"0123456789abcdef0123456789abcdef"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=" + NoRun + " not found")]
    [InlineData("logged-models", """{"experiment_id":"0","source_run_id":"../x"}""", 400, "INVALID_PARAMETER_VALUE", null)]
    [InlineData("logged-models", """{"experiment_id":"0","params":[{"value":"x"}]}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'params[0].key'." + Hint)]
    [InlineData("logged-models", """{"experiment_id":"0","params":[{"key":"a","value":"1"},{"key":"a","value":"2"}]}""", 400, "INVALID_PARAMETER_VALUE", "Duplicate parameter keys have been submitted: ['a']. Please ensure the request contains only one param value per param key.")]
    [InlineData("logged-models", """{"experiment_id":"0","tags":[{"key":"../x"}]}""", 400, "INVALID_PARAMETER_VALUE", null)]
    [InlineData("logged-models/" + NoModel, null, 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID '" + NoModel + "' not found.")]
    [InlineData("logged-models/m-x", null, 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID 'm-x' not found.")]
    [InlineData("logged-models/..%2fm-x", null, 404, "RESOURCE_DOES_NOT_EXIST", null)]
    [InlineData("logged-models/search", null, 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID 'search' not found.")]
    [InlineData("PATCH logged-models/" + NoModel, "{}", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'status'." + Hint)]
    [InlineData("PATCH logged-models/" + NoModel, """{"status":"READY"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 'READY' " + StatusRule)]
    [InlineData("PATCH logged-models/" + NoModel, """{"status":"LOGGED_MODEL_PENDING"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 'LOGGED_MODEL_PENDING' " + StatusRule)]
    [InlineData("PATCH logged-models/" + NoModel, """{"status":"LOGGED_MODEL_READY"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID '" + NoModel + "' not found.")]
    [InlineData("DELETE logged-models/" + NoModel, null, 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID '" + NoModel + "' not found.")]
    [InlineData("PATCH logged-models/" + NoModel + "/tags", """{"tags":"x"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value \"x\" for parameter 'tags' supplied:  Hint: Value was of type 'str'." + Hint)]
    [InlineData("PATCH logged-models/" + NoModel + "/tags", """{"tags":[{"key":"a","value":"b"}]}""", 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID '" + NoModel + "' not found.")]
    [InlineData("DELETE logged-models/" + NoModel + "/tags/a", null, 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID '" + NoModel + "' not found.")]
    [InlineData("logged-models/" + NoModel + "/params", """{"params":[{"value":"b"}]}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'params[0].key'." + Hint)]
    [InlineData("logged-models/" + NoModel + "/params", """{"params":[{"key":"a","value":"b"}]}""", 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID '" + NoModel + "' not found.")]
    [InlineData("logged-models/" + NoModel + "/artifacts/directories", null, 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID '" + NoModel + "' not found.")]
    [InlineData("logged-models/" + NoModel + "/artifacts/directories?artifact_directory_path=../x", null, 400, "INVALID_PARAMETER_VALUE", "Invalid path '../x': no name can be '.' or '..'.")]
    [InlineData("logged-models/search", """{"max_results":0}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 0 for parameter 'max_results' supplied. It must be at least 1 and at most 50000.")]
    [InlineData("logged-models/search", """{"order_by":[{}]}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'order_by[0].field_name'." + Hint)]
    [InlineData("logged-models/search", """{"order_by":"name"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value \"name\" for parameter 'order_by' supplied:  Hint: Value was of type 'str'." + Hint)]
    [InlineData("logged-models/search", """{"order_by":[{"field_name":"loss"}]}""", 400, "INVALID_PARAMETER_VALUE", null)]
    [InlineData("logged-models/search", """{"datasets":[{"dataset_digest":"x"}]}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'datasets[0].dataset_name'." + Hint)]
    [InlineData("logged-models/search", """{"filter":"runs.x = 'y'"}""", 400, "INVALID_PARAMETER_VALUE", "Invalid entity type 'runs'. Valid values are ['metric', 'parameter', 'tag', 'attribute'] (at character 1)")]
    [InlineData("logged-models/search", """{"experiment_ids":["../0"]}""", 400, "INVALID_PARAMETER_VALUE", "Invalid experiment ID: '../0'")]
    [InlineData("logged-models/search", """{"page_token":"x"}""", 400, "INVALID_PARAMETER_VALUE", null)]
    public async Task A_wrong_call_is_refused(string call, string? json, int status, string code, string? message)
    {
        var (given, body) = await _client.SendAsync(call, json);

        Assert.Equal((status, code), (given, (string?)body["error_code"]));
        if (message is null)
            Assert.NotEmpty((string)body["message"]!);
        else
            Assert.Equal(message, (string?)body["message"]);
    }

    [Fact]
    public async Task Tags_are_set_and_removed_and_params_never_change()
    {
        var id = await NewAsync("""{"experiment_id":"0"}""");

        Assert.Equal("{}", (await _client.SendOkAsync($"PATCH logged-models/{id}/tags", $$"""{"model_id":"{{id}}","tags":[{"key":"a","value":"1"},{"key":"b/c","value":"2"},{"key":"d e"}]}""")).ToJsonString());
        foreach (var key in (string[])["b%2Fc", "d%20e"])
            Assert.Equal("{}", (await _client.SendOkAsync($"DELETE logged-models/{id}/tags/{key}")).ToJsonString());
        Assert.Equal("{}", (await _client.PostAsync($"logged-models/{id}/params", """{"params":[{"key":"depth","value":"3"},{"key":"empty"}]}""")).ToJsonString());
        await _client.PostAsync($"logged-models/{id}/params", """{"params":[{"key":"depth","value":"3"}]}""");

        await _client.RefusedAsync($"DELETE logged-models/{id}/tags/b%2Fc", null, 404, "RESOURCE_DOES_NOT_EXIST", $"No tag with key 'b/c' found for model with ID '{id}'.");
        await _client.RefusedAsync(
            $"logged-models/{id}/params", """{"params":[{"key":"new","value":"x"},{"key":"depth","value":"4"}]}""", 400, "INVALID_PARAMETER_VALUE",
            $"Changing param values is not allowed. Param with key='depth' was already logged with value='3' for model ID='{id}'. Attempted logging new value '4'.");
        var shown = (await _client.AskAsync($"logged-models/{id}"))["model"]!;
        Assert.Equal(
            ("""[{"key":"a","value":"1"}]""", """{"params":[{"key":"depth","value":"3"},{"key":"empty","value":""}]}"""), (shown["info"]!["tags"]!.ToJsonString(), shown["data"]!.ToJsonString()));
        Assert.Matches(@"\A[a-z]+-[a-z]+-[0-9]+\z", (string)shown["info"]!["name"]!);
    }

    [Fact]
    public async Task A_model_that_ended_does_not_end_otherwise()
    {
        var id = await NewAsync("""{"experiment_id":"0"}""");
        for (var again = 0; again < 2; again++)
            Assert.Equal("LOGGED_MODEL_UPLOAD_FAILED", (string)(await _client.SendOkAsync($"PATCH logged-models/{id}", """{"status":"LOGGED_MODEL_UPLOAD_FAILED"}"""))["model"]!["info"]!["status"]!);

        await _client.RefusedAsync(
            $"PATCH logged-models/{id}", """{"status":"LOGGED_MODEL_READY"}""", 400, "INVALID_PARAMETER_VALUE", $"The logged model {id} is FAILED, which does not change any more. Log the model again, as another one.");
    }

    [Fact]
    public async Task Files_go_through_the_proxy_and_are_listed()
    {
        var id = await NewAsync("""{"experiment_id":"0"}""");
        foreach (var path in (string[])["MLmodel", "data/a b.bin", "data/c"])
            Assert.Equal(200, (await PutAsync(id, path, [1, 2, 3])).Status);

        var root = $"mlflow-artifacts:/0/models/{id}/artifacts";
        Assert.Equal(
            $$"""{"root_uri":"{{root}}","files":[{"path":"MLmodel","is_dir":false,"file_size":3},{"path":"data","is_dir":true}]}""", (await _client.AskAsync($"logged-models/{id}/artifacts/directories")).ToJsonString());
        Assert.Equal(
            $$"""{"root_uri":"{{root}}","files":[{"path":"data/a b.bin","is_dir":false,"file_size":3},{"path":"data/c","is_dir":false,"file_size":3}]}""",
            (await _client.AskAsync($"logged-models/{id}/artifacts/directories?artifact_directory_path=data/")).ToJsonString());
        Assert.Equal(
            """{"files":[{"path":"a b.bin","is_dir":false,"file_size":3},{"path":"c","is_dir":false,"file_size":3}]}""", (await _client.GetJsonAsync($"{Proxy}?path=0/models/{id}/artifacts/data")).Body.ToJsonString());
        using var part = new HttpRequestMessage(HttpMethod.Get, UriOf(id, "data/a b.bin")) { Headers = { Range = new(1, 1) } };
        using var ranged = await _client.SendAsync(part);
        Assert.Equal((206, 1), ((int)ranged.StatusCode, (await ranged.Content.ReadAsByteArrayAsync()).Length));

        // As MLflow's pages ask for a file.
        var file = $"/ajax-api/2.0/mlflow/logged-models/{id}/artifacts/files";
        using var asked = new HttpRequestMessage(HttpMethod.Get, $"{file}?artifact_file_path=data%2Fa%20b.bin") { Headers = { Range = new(1, 2) } };
        using var sent = await _client.SendAsync(asked);
        Assert.Equal((206, "attachment"), ((int)sent.StatusCode, sent.Content.Headers.ContentDisposition!.DispositionType));
        Assert.Equal([2, 3], await sent.Content.ReadAsByteArrayAsync());
        Assert.Equal(404, (int)(await _client.GetJsonAsync($"{file}?artifact_file_path=data")).Status);
        Assert.Equal(400, (int)(await _client.GetJsonAsync(file)).Status);
        using var deleted = await _client.DeleteAsync(UriOf(id, "data"));
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal(["MLmodel"], await FilesAsync(id));

        // In parts, straight to storage.
        var begun = await _client.SendJsonAsync(HttpMethod.Post, $"/api/2.0/mlflow-artifacts/mpu/create/0/models/{id}/artifacts/data", """{"path":"/tmp/weights.bin","num_parts":2}""");
        Assert.True(begun.Status == HttpStatusCode.OK, begun.Body.ToJsonString());
        foreach (var (i, target) in begun.Body["credentials"]!.AsArray().Index())
        {
            using var content = new ByteArrayContent([(byte)i, (byte)i]);
            using var put = await Anonymous.PutAsync(new Uri((string)target!["url"]!), content);
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        }
        var end = $$"""{"path":"weights.bin","upload_id":"{{begun.Body["upload_id"]}}","parts":[{"part_number":1},{"part_number":2}]}""";
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Post, $"/api/2.0/mlflow-artifacts/mpu/complete/0/models/{id}/artifacts/data", end)).Status);
        Assert.Equal([0, 0, 1, 1], await _client.GetByteArrayAsync(UriOf(id, "data/weights.bin")));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("%2e%2e/%2e%2e/x")]
    [InlineData("%252e%252e/x")]
    [InlineData("..%2f..%2fx")]
    [InlineData("..%5cx")]
    [InlineData("a//b")]
    [InlineData("C:%5cwindows")]
    [InlineData("%2fetc%2fpasswd")]
    public async Task A_path_that_could_mean_another_is_refused(string path)
    {
        var id = await NewAsync("""{"experiment_id":"0"}""");
        await PutAsync(id, "kept", [1]);
        (string Method, string Target)[] calls =
        [
            .. new[] { "PUT", "GET", "DELETE" }.Select(method => (method, $"{Proxy}/0/models/{id}/artifacts/{path}")), ("GET", $"{Proxy}?path=0/models/{id}/artifacts/{path}"),
            ("GET", $"/api/2.0/mlflow/logged-models/{id}/artifacts/directories?artifact_directory_path={path}"),
            ("GET", $"/api/2.0/mlflow/logged-models/{id}/artifacts/files?artifact_file_path={path}"),
        ];
        foreach (var (method, target) in calls)
        {
            // As it is: the client of the tests would resolve dots.
            var reply = await RawHttp.SendAsync(_client.BaseAddress!, method, Encoding.ASCII.GetBytes(target), [], method == "PUT" ? "x"u8.ToArray() : null);
            Assert.True(reply.Status == 400, $"{method} {target}: {reply.Status} {reply.Json?.ToJsonString()}");
        }
        Assert.Equal(["kept"], await FilesAsync(id));
    }

    [Fact]
    public async Task A_path_of_no_model_is_not_found()
    {
        var (id, other) = (await NewAsync("""{"experiment_id":"0"}"""), await _client.NewExperimentAsync());
        await PutAsync(id, "kept", [1]);

        foreach (var path in (string[])
        [
            $"0/{id}/artifacts/kept", $"{other}/models/{id}/artifacts/kept", $"x/0/models/{id}/artifacts/kept", $"models/{id}/artifacts/kept", $"0/models/{id.ToUpperInvariant()}/artifacts/kept", $"0/models/{id[2..]}/artifacts/kept",
            $"0/models/{NoModel}/artifacts/kept", $"0/models/{id}/kept",
        ])
        {
            using var content = new ByteArrayContent([2]);
            using var put = await _client.PutAsync($"{Proxy}/{path}", content);
            Assert.Equal((path, HttpStatusCode.NotFound), (path, put.StatusCode));
            Assert.Equal((path, HttpStatusCode.NotFound), (path, (await _client.GetJsonAsync($"{Proxy}/{path}")).Status));
        }
        Assert.Equal([1], await _client.GetByteArrayAsync(UriOf(id, "kept")));
    }

    [Fact]
    public async Task An_experiment_may_have_its_artifacts_at_the_root()
    {
        var experiment = (string)(await _client.PostAsync("experiments/create", $$"""{"name":"{{Guid.NewGuid()}}","artifact_location":"mlflow-artifacts:/"}"""))["experiment_id"]!;
        var made = (await _client.PostAsync("logged-models", $$"""{"experiment_id":"{{experiment}}"}"""))["model"]!["info"]!;
        var root = $"models/{made["model_id"]}/artifacts";
        using var content = new ByteArrayContent([7]);

        using var put = await _client.PutAsync($"{Proxy}/{root}/a", content);

        Assert.Equal(($"mlflow-artifacts:/{root}", HttpStatusCode.OK), ((string)made["artifact_uri"]!, put.StatusCode));
        Assert.Equal([7], await _client.GetByteArrayAsync($"{Proxy}/{root}/a"));
        Assert.Equal("a", (string)Assert.Single((await _client.GetJsonAsync($"{Proxy}?path={root}")).Body["files"]!.AsArray())!["path"]!);
    }

    [Fact]
    public async Task A_deleted_model_is_not_found_and_its_files_are_read_and_not_written()
    {
        var experiment = await _client.NewExperimentAsync();
        var id = await NewAsync($$"""{"experiment_id":"{{experiment}}"}""");
        await PutAsync(id, "a", [1], experiment);

        Assert.Equal("{}", (await _client.SendOkAsync($"DELETE logged-models/{id}", $$"""{"model_id":"{{id}}"}""")).ToJsonString());

        foreach (var call in (string[])[$"logged-models/{id}", $"DELETE logged-models/{id}", $"logged-models/{id}/artifacts/directories"])
            await _client.RefusedAsync(call, null, 404, "RESOURCE_DOES_NOT_EXIST", $"Logged model with ID '{id}' not found.");
        Assert.Null((await _client.PostAsync("logged-models/search", $$"""{"experiment_ids":["{{experiment}}"]}"""))["models"]);
        Assert.Equal([1], await _client.GetByteArrayAsync(UriOf(id, "a", experiment)));
        Assert.Equal((400, $$"""{"error_code":"INVALID_PARAMETER_VALUE","message":"The logged model {{id}} must be in the 'active' state. Current state is deleted."}"""), await PutAsync(id, "b", [1], experiment));

        // With its experiment it goes for good.
        foreach (var call in (string[])["experiments/delete", "experiments/purge"])
            await _client.PostAsync(call, $$"""{"experiment_id":"{{experiment}}"}""");
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync(UriOf(id, "a", experiment))).Status);
    }

    [Fact]
    public async Task Models_are_searched_in_pages_with_metrics_of_data_sets()
    {
        var experiment = await _client.NewExperimentAsync();
        var run = await _client.NewRunAsync(experiment);
        var ids = new List<string>();
        foreach (var (name, train, test) in new[] { ("one", 0.9, 0.4), ("two", 0.6, 0.7), ("three", 0.1, 0.2) })
        {
            var id = await NewAsync($$"""{"experiment_id":"{{experiment}}","name":"{{name}}","source_run_id":"{{run}}","params":[{"key":"depth","value":"{{name.Length}}"}]}""");
            ids.Add(id);
            await _client.PostAsync("runs/log-metric", $$"""{"run_id":"{{run}}","key":"auc","value":{{Text(train)}},"timestamp":1,"model_id":"{{id}}","dataset_name":"train","dataset_digest":"d1"}""");
            await _client.PostAsync("runs/log-batch", $$"""{"run_id":"{{run}}","metrics":[{"key":"auc","value":{{Text(test)}},"timestamp":2,"model_id":"{{id}}","dataset_name":"test","dataset_digest":"d2"}]}""");
        }

        var first = (await _client.AskAsync($"logged-models/{ids[0]}"))["model"]!["data"]!["metrics"]!;
        Assert.Equal(
            $$"""[{"key":"auc","value":0.9,"timestamp":1,"step":0,"model_id":"{{ids[0]}}","dataset_name":"train","dataset_digest":"d1","run_id":"{{run}}"},{"key":"auc","value":0.4,"timestamp":2,"step":0,"model_id":"{{ids[0]}}","dataset_name":"test","dataset_digest":"d2","run_id":"{{run}}"}]""",
            first.ToJsonString());
        Assert.Equal("two", await NamesAsync(""","filter":"metrics.auc > 0.5" """));
        Assert.Equal("one two", await NamesAsync(""","filter":"metrics.auc > 0.5 OR params.depth = '9'","datasets":[{"dataset_name":"train"}],"order_by":[{"field_name":"name"}]"""));
        Assert.Equal("two one three", await NamesAsync(""","order_by":[{"field_name":"metrics.auc","ascending":false}]"""));
        Assert.Equal("one two three", await NamesAsync(""","order_by":[{"field_name":"metrics.auc","ascending":false,"dataset_name":"train","dataset_digest":"d1"}]"""));
        Assert.Equal("", await NamesAsync(""","datasets":[{"dataset_name":"train","dataset_digest":"d2"}]"""));
        Assert.Equal("three", await NamesAsync($""","filter":"source_run_id = '{run}' AND params.depth = '5'" """));

        var (seen, token) = (new List<string>(), "");
        do
        {
            var page = await _client.PostAsync("logged-models/search", $$"""{"experiment_ids":["{{experiment}}"],"max_results":2,"order_by":[{"field_name":"name","ascending":true}],"page_token":"{{token}}"}""");
            seen.AddRange(page["models"]!.AsArray().Select(model => (string)model!["info"]!["name"]!));
            token = (string?)page["next_page_token"];
        }
        while (token is not null);
        Assert.Equal(["one", "three", "two"], seen);

        async Task<string> NamesAsync(string rest) =>
            string.Join(' ', (await _client.PostAsync("logged-models/search", $$"""{"experiment_ids":["{{experiment}}"]{{rest}}}"""))["models"]?.AsArray().Select(model => (string)model!["info"]!["name"]!) ?? []);

        static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_source_that_is_no_model_to_serve_makes_no_version()
    {
        var (name, run) = ($"logged-{Guid.NewGuid():N}", await _client.NewRunAsync());
        await _client.PostAsync("registered-models/create", $$"""{"name":"{{name}}"}""");
        var (empty, model) = (await NewAsync("""{"experiment_id":"0"}"""), await NewAsync($$"""{"experiment_id":"0","source_run_id":"{{run}}"}"""));
        await PutAsync(model, "MLmodel", "flavors:\n  onnx:\n    data: model.onnx\n"u8.ToArray());
        await PutAsync(model, "model.onnx", OnnxModel.Linear());

        await RefusedAsync($"models:/{empty}", "", 400, $"There is nothing at the source 'models:/{empty}': log the files of the model first.");
        await RefusedAsync($"models:/{NoModel}", "", 404, $"Logged model with ID '{NoModel}' not found.");
        await RefusedAsync($"models:/{model}", $$""","run_id":"{{NoRun}}" """, 400, $"The source 'models:/{model}' is of the run {run}, and run_id is '{NoRun}': leave run_id out, or give that of the source.");
        await RefusedAsync($"models:/{empty}", $$""","run_id":"{{NoRun}}" """, 400, $"There is nothing at the source 'models:/{empty}': log the files of the model first.");
        await RefusedAsync($"models:/{model}", $$""","model_id":"{{empty}}" """, 400, $"The source 'models:/{model}' is another logged model than model_id, which is '{empty}': leave model_id out, or give that of the source.");
        foreach (var source in (string[])[$"models:/{model}/MLmodel", $"models:/../{model}", $"models:/{model[2..]}", "models:/m-x"])
            Assert.Equal(400, (await _client.SendAsync("model-versions/create", $$"""{"name":"{{name}}","source":"{{source}}"}""")).Status);
        Assert.Null((await _client.AskAsync($"model-versions/search?filter=name%3D'{name}'"))["model_versions"]);

        // By where its files are it is a source, too, and one of no run has no run.
        Assert.Equal(run, (string)(await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"mlflow-artifacts:/0/models/{{model}}/artifacts"}"""))["model_version"]!["run_id"]!);
        await PutAsync(empty, "model.onnx", OnnxModel.Linear());
        var version = (await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"models:/{{empty}}"}"""))["model_version"]!;
        Assert.Equal(("2", (string?)null, empty), ((string)version["version"]!, (string?)version["run_id"], (string)version["model_id"]!));

        Task RefusedAsync(string source, string rest, int status, string message) => _client.RefusedAsync(
            "model-versions/create", $$"""{"name":"{{name}}","source":"{{source}}"{{rest}}}""", status, status == 404 ? "RESOURCE_DOES_NOT_EXIST" : "INVALID_PARAMETER_VALUE", message);
    }

    private static string Escaped(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private static string UriOf(string model, string path, string experiment = "0") => $"{Proxy}/{experiment}/models/{model}/artifacts/{Escaped(path)}";

    private async Task<string> NewAsync(string json) => (string)(await _client.PostAsync("logged-models", json))["model"]!["info"]!["model_id"]!;

    private async Task<(int Status, string Body)> PutAsync(string model, string path, byte[] bytes, string experiment = "0")
    {
        using var content = new ByteArrayContent(bytes);
        using var response = await _client.PutAsync(UriOf(model, path, experiment), content);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<List<string>> FilesAsync(string model) =>
        [.. (await _client.AskAsync($"logged-models/{model}/artifacts/directories"))["files"]?.AsArray().Select(file => (string)file!["path"]!) ?? []];
}
