using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Access;
using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Registry.Access;
using Larder.Testing;

namespace Larder.Functions.Tests.MLflow;

/// <summary>A Larder that asks for tokens; its client is the administrator.</summary>
public sealed class GuardedLarder : IAsyncLifetime
{

    /// <summary>The server.</summary>
    internal LarderProcess? Larder { get; private set; }

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        Larder = await LarderProcess.StartAsync(await Azurite.AccountAsync(), [("Access:AdminTokenSha256", KeyHash.Of(TokensTests.Admin).ToString())]);
        Larder.Client.DefaultRequestHeaders.Authorization = new("Bearer", TokensTests.Admin);
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (Larder is not null)
            await Larder.DisposeAsync();
    }
}

/// <summary>Every training is a run of MLflow's API.</summary>
public sealed class TrainingRunTests(GuardedLarder guarded) : IClassFixture<GuardedLarder>
{
    private const string Model = """
        import json, os, shutil
        shutil.copy(os.environ["LARDER_DATASET"], os.path.join(os.environ["LARDER_OUTPUT_DIR"], "model.onnx"))

        """;

    // A script's calls with the token of its job: each gives the status, and the body of a success.
    private const string Calls = """
        import urllib.error, urllib.request

        def call(path, body=None, method=None):
            request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + path, None if body is None else json.dumps(body).encode(), method=method)
            request.add_header("Authorization", "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"])
            request.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status, json.loads(answer.read())
            except urllib.error.HTTPError as error:
                return error.code, None

        run = os.environ["MLFLOW_RUN_ID"]
        experiment = str(int(run[:16], 16))

        """;

    private readonly HttpClient _client = guarded.Larder!.Client;

    [Fact]
    public async Task A_training_is_a_run_with_its_options_data_set_and_metrics()
    {
        var job = await _client.TrainToEndAsync(
            "run-whole",
            Model + """
            with open(os.environ["LARDER_METRICS"], "a") as metrics:
                for step in range(3):
                    print(json.dumps({"loss": 1 / (1 + step), "step": step}), file=metrics)
                print("no metrics", file=metrics)
                print(json.dumps({"spread": float("nan")}), file=metrics)
            with open(os.path.join(os.environ["LARDER_OUTPUT_DIR"], "metrics.json"), "w") as metrics:
                json.dump({"loss": 0.25, "accuracy": 0.9}, metrics)
            """,
            options: """{"arguments":["--depth","3","--rate=0.1","--fast"],"environment":{"MODE":"x","KEY":{"secret":"hidden-secret"}},"tags":{"team":"red","mlflow.runName":"mine"}}""");
        Assert.True((string)job["state"]! == "succeeded", job.ToJsonString());

        var run = await _client.RunAsync((string)job["run"]!);
        var experiment = (await _client.AskAsync("experiments/get-by-name?experiment_name=run-whole"))["experiment"]!;
        Assert.Equal(
            ((string)experiment["experiment_id"]!, "FINISHED", (string)job["id"]!),
            ((string)run["info"]!["experiment_id"]!, (string)run["info"]!["status"]!, (string)run["info"]!["run_name"]!));
        Assert.True((long)run["info"]!["end_time"]! >= (long)run["info"]!["start_time"]!);
        var parameters = Pairs(run["data"]!["params"]!);
        Assert.Equal(
            ("3", "0.1", "true", "x", """["--depth","3","--rate=0.1","--fast"]"""),
            (parameters["depth"], parameters["rate"], parameters["fast"], parameters["environment.MODE"], parameters["arguments"]));
        Assert.DoesNotContain("hidden-secret", run.ToJsonString(), StringComparison.Ordinal);
        var tags = Pairs(run["data"]!["tags"]!);
        Assert.Equal(
            ((string)job["id"]!, "run-whole", "1", "train.py", "admin-token", "red"),
            (tags["larder.job"], tags["larder.model"], tags["larder.version"], tags["mlflow.source.name"], tags["mlflow.user"], tags["team"]));
        var metrics = run["data"]!["metrics"]!.AsArray().ToDictionary(metric => (string)metric!["key"]!, metric => metric!["value"]!.ToJsonString());
        Assert.Equal(new Dictionary<string, string> { ["accuracy"] = "0.9", ["loss"] = "0.25", ["spread"] = "\"NaN\"" }, metrics);
        var dataset = run["inputs"]!["dataset_inputs"]![0]!;
        var input = job["inputs"]!.AsArray().Single(one => (string)one!["name"]! == "dataset")!;
        Assert.Equal(("data.bin", ((string)input["sha256"]!)[..32]), ((string)dataset["dataset"]!["name"]!, (string)dataset["dataset"]!["digest"]!));

        var history = (await _client.AskAsync($"metrics/get-history?run_id={job["run"]}&metric_key=loss"))["metrics"]!.AsArray();
        Assert.Equal([(0, 1.0), (1, 0.5), (2, 1 / 3.0), (2, 0.25)], history.Select(point => ((int)point!["step"]!, (double)point["value"]!)));
        // What the job left are artifacts.
        var files = await _client.AskAsync($"artifacts/list?run_id={job["run"]}");
        Assert.Equal([("log.jsonl", false), ("outputs", true)], files["files"]!.AsArray().Select(file => ((string)file!["path"]!, (bool)file["is_dir"]!)));
        var outputs = (await _client.AskAsync($"artifacts/list?run_id={job["run"]}&path=outputs"))["files"]!.AsArray();
        Assert.Equal(["outputs/metrics.json", "outputs/model.onnx"], outputs.Select(file => (string)file!["path"]!).Order());
        var proxy = $"/api/2.0/mlflow-artifacts/artifacts/{run["info"]!["experiment_id"]}/{job["run"]}/artifacts";
        Assert.Equal("""{"loss": 0.25, "accuracy": 0.9}""", await _client.GetStringAsync($"{proxy}/outputs/metrics.json"));
        Assert.StartsWith("""{"n":1,""", await _client.GetStringAsync($"/get-artifact?run_id={job["run"]}&path=log.jsonl"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync($"{proxy}/outputs/other")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await _client.PutAsync($"{proxy}/mine.txt", new ByteArrayContent([1]))).StatusCode);

        var log = await _client.GetJsonAsync($"/api/v1/jobs/{job["id"]}/logs");
        Assert.Contains(log.Body["lines"]!.AsArray(), line => ((string)line!["m"]!).StartsWith("1 lines of metrics were left out", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_are_seen_while_the_script_runs_and_a_canceled_training_is_a_killed_run()
    {
        var answer = await _client.TrainAsync("run-live", """
            import json, os, time
            with open(os.environ["LARDER_METRICS"], "a", buffering=1) as metrics:
                print(json.dumps({"loss": 0.5, "step": 7}), file=metrics)
                time.sleep(3600)
            """);
        var job = (string)answer.Body["job"]!["id"]!;
        string? id = null;
        await Eventually.TrueAsync(async () => (id = (string?)(await JobAsync(job))["run"]) is not null);
        await Eventually.TrueAsync(async () => (await _client.RunAsync(id!))["data"]!["metrics"] is JsonArray { Count: 1 });

        Assert.Equal("running", (string)(await JobAsync(job))["state"]!);
        var experiment = (string)(await _client.RunAsync(id!))["info"]!["experiment_id"]!;
        var found = await _client.PostAsync("runs/search", $$"""{"experiment_ids":["{{experiment}}"],"filter":"metrics.loss = 0.5 and attributes.status = 'RUNNING'"}""");
        Assert.Equal(id, (string)Assert.Single(found["runs"]!.AsArray())!["info"]!["run_id"]!);
        await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{job}/cancel", null);
        await _client.EndOfAsync(job);
        Assert.Equal("KILLED", (string)(await _client.RunAsync(id!))["info"]!["status"]!);
    }

    [Fact]
    public async Task Only_the_job_changes_its_run_and_deleting_the_job_deletes_it()
    {
        var job = await _client.TrainToEndAsync("run-own", "raise SystemExit(3)");
        var id = (string)job["run"]!;
        var refusal = $"The run {id} is that of the job {job["id"]}, and changes with it only. To delete the run, delete the job.";

        Assert.Equal("FAILED", (string)(await _client.RunAsync(id))["info"]!["status"]!);
        foreach (var (call, body) in new[]
        {
            ("runs/update", $$"""{"run_id":"{{id}}","status":"FINISHED"}"""),
            ("runs/log-metric", $$"""{"run_id":"{{id}}","key":"a","value":1,"timestamp":1}"""),
            ("runs/log-batch", $$"""{"run_id":"{{id}}","tags":[{"key":"a","value":"b"}]}"""),
            ("runs/set-tag", $$"""{"run_id":"{{id}}","key":"a","value":"b"}"""),
            ("runs/delete", $$"""{"run_id":"{{id}}"}"""),
        })
            await _client.RefusedAsync(call, body, 403, "PERMISSION_DENIED", refusal);

        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/jobs/{job["id"]}", null)).Status);
        Assert.Equal("deleted", (string)(await _client.RunAsync(id))["info"]!["lifecycle_stage"]!);
    }

    [Fact]
    public async Task A_script_with_tracking_logs_to_its_run_and_to_nothing_else()
    {
        var other = await _client.NewRunAsync();
        var elsewhere = await _client.NewExperimentAsync();
        var job = await _client.TrainToEndAsync(
            "run-tracked",
            Model + Calls + """
            import time

            api = "/api/2.0/mlflow/"
            with open(os.path.join(os.environ["LARDER_OUTPUT_DIR"], "token.txt"), "w") as file:
                file.write(os.environ["MLFLOW_TRACKING_TOKEN"])
            proxy = "/api/2.0/mlflow-artifacts/artifacts/%d/%s/artifacts/note.json"
            metric = {"key": "auc", "value": 0.8, "timestamp": int(time.time() * 1000)}
            print("got", [call(*one)[0] for one in [
                (api + "runs/get?run_id=" + run,),
                (api + "runs/update", {"run_id": run, "status": "RUNNING"}),
                (api + "runs/log-metric", dict(metric, run_id=run)),
                (api + "runs/log-parameter", {"run_id": run, "key": "trees", "value": "12"}),
                (api + "runs/log-metric", dict(metric, run_id="OTHER")),
                (api + "runs/get?run_id=OTHER",),
                (api + "runs/create", {"experiment_id": "0"}),
                (proxy % (int(run[:16], 16), run), {"a": 1}, "PUT"),
                (proxy % (0, "OTHER"), {"a": 1}, "PUT"),
                ("/api/v1/models",),
                ("/api/v1/models/run-tracked/prediction", {"values": [1]})]])
            print("experiments", [call(*one)[0] for one in [
                (api + "experiments/get?experiment_id=" + experiment,),
                (api + "experiments/get-by-name?experiment_name=run-tracked",),
                (api + "experiments/get?experiment_id=ELSEWHERE",),
                (api + "experiments/get-by-name?experiment_name=Default",),
                (api + "experiments/get-by-name?experiment_name=none",),
                (api + "experiments/search", {"max_results": 1}),
                (api + "runs/search", {"experiment_ids": [experiment]})]])
            # As MLflow's client does where `with mlflow.start_run()` ends. The run goes on until the job has ended.
            print("ended", call(api + "runs/update", {"run_id": run, "status": "FINISHED", "end_time": 1000})[0])
            info = call(api + "runs/get?run_id=" + run)[1]["run"]["info"]
            print("then", info["status"], info.get("end_time"))
            print(os.environ["MLFLOW_TRACKING_TOKEN"])
            """.Replace("OTHER", other, StringComparison.Ordinal).Replace("ELSEWHERE", elsewhere, StringComparison.Ordinal),
            options: """{"tracking":true}""");
        Assert.True((string)job["state"]! == "succeeded", job.ToJsonString());

        var lines = (await _client.GetJsonAsync($"/api/v1/jobs/{job["id"]}/logs")).Body["lines"]!.AsArray().Select(line => (string)line!["m"]!).ToList();
        Assert.Contains("got [200, 200, 200, 200, 403, 403, 403, 200, 403, 403, 403]", lines);
        Assert.Contains("experiments [200, 200, 403, 403, 403, 403, 403]", lines);
        Assert.Contains("ended 200", lines);
        Assert.Contains("then RUNNING None", lines);
        // The token is masked.
        Assert.Contains("***", lines);
        var run = await _client.RunAsync((string)job["run"]!);
        Assert.Equal("FINISHED", (string)run["info"]!["status"]!);
        Assert.True((long)run["info"]!["end_time"]! > 1000);
        Assert.Equal(("0.8", "12"), (run["data"]!["metrics"]![0]!["value"]!.ToJsonString(), Pairs(run["data"]!["params"]!)["trees"]));
        Assert.Null((await _client.RunAsync(other))["data"]!["metrics"]);
        // It ends with the job.
        var token = await _client.GetStringAsync($"/api/v1/jobs/{job["id"]}/outputs/token.txt");
        Assert.StartsWith("lrd_", token, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.SendJsonAsync(HttpMethod.Get, $"/api/2.0/mlflow/runs/get?run_id={job["run"]}", null, TokensTests.Bearer(token))).Status);
        Assert.DoesNotContain((await _client.GetJsonAsync("/api/v1/admin/tokens")).Body["tokens"]!.AsArray(), token => (string)token!["name"]! == $"job-{job["id"]}");
        Assert.Contains(await _client.AuditAsync(""), record => (string)record["what"]! == "revoke" && (string)record["who"]! == $"job-{job["id"]}");
    }

    [Fact]
    public async Task A_script_with_tracking_logs_models_of_its_run_and_no_other()
    {
        var other = (string)(await _client.PostAsync("logged-models", """{"experiment_id":"0"}"""))["model"]!["info"]!["model_id"]!;
        var otherRun = await _client.NewRunAsync();
        var job = await _client.TrainToEndAsync(
            "run-logged",
            Model + Calls + """
            models = "/api/2.0/mlflow/logged-models"
            files = "/api/2.0/mlflow-artifacts/artifacts/%s/models/%s/artifacts/a.json"
            status, made = call(models, {"experiment_id": experiment, "name": "model", "source_run_id": run})
            own = made["model"]["info"]["model_id"]
            pair = [{"key": "depth", "value": "3"}]
            metric = {"key": "auc", "value": 0.8, "timestamp": 1, "run_id": run}
            print("may", status, [call(*one)[0] for one in [
                (models + "/" + own,),
                (files % (experiment, own), {"a": 1}, "PUT"),
                (files % (experiment, own),),
                (models + "/" + own + "/params", {"params": pair}),
                (models + "/" + own + "/tags", {"tags": pair}, "PATCH"),
                ("/api/2.0/mlflow/runs/log-metric", dict(metric, model_id=own)),
                ("/api/2.0/mlflow/runs/log-metric", dict(metric, model_id="OTHER")),
                ("/api/2.0/mlflow/runs/outputs", {"run_id": run, "models": [{"model_id": own}]}),
                (models + "/" + own, {"status": "LOGGED_MODEL_READY"}, "PATCH"),
                (models + "/" + own + "/artifacts/directories",),
                (models.replace("/api", "/ajax-api") + "/" + own + "/artifacts/files?artifact_file_path=a.json",)]])
            print("may not", [call(*one)[0] for one in [
                (models, {"experiment_id": experiment}),
                (models, {"experiment_id": "0", "source_run_id": "ANOTHER"}),
                (models, {"experiment_id": "0", "source_run_id": run}),
                (models + "/OTHER",),
                (models + "/OTHER", {"status": "LOGGED_MODEL_READY"}, "PATCH"),
                (models + "/OTHER/tags", {"tags": pair}, "PATCH"),
                (models + "/OTHER/tags/a", None, "DELETE"),
                (models + "/OTHER/params", {"params": pair}),
                (models + "/OTHER/artifacts/directories",),
                (models + "/OTHER/artifacts/files?artifact_file_path=MLmodel",),
                (files % ("0", "OTHER"), {"a": 1}, "PUT"),
                (files % ("0", "OTHER"),),
                (files % ("0", "OTHER"), None, "DELETE"),
                (models + "/" + own, None, "DELETE"),
                (models + "/search", {"experiment_ids": [experiment]})]])
            """.Replace("ANOTHER", otherRun, StringComparison.Ordinal).Replace("OTHER", other, StringComparison.Ordinal),
            options: """{"tracking":true}""");
        Assert.True((string)job["state"]! == "succeeded", job.ToJsonString());

        var lines = (await _client.GetJsonAsync($"/api/v1/jobs/{job["id"]}/logs")).Body["lines"]!.AsArray().Select(line => (string)line!["m"]!).ToList();
        Assert.Contains("may 200 [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]", lines);
        Assert.Contains("may not [403, 403, 400, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403]", lines);
        var run = await _client.RunAsync((string)job["run"]!);
        var id = (string)Assert.Single(run["outputs"]!["model_outputs"]!.AsArray())!["model_id"]!;
        var model = (await _client.AskAsync($"logged-models/{id}"))["model"]!;
        Assert.Equal(
            ((string)job["run"]!, "LOGGED_MODEL_READY", "3", "0.8"),
            ((string)model["info"]!["source_run_id"]!, (string)model["info"]!["status"]!, Pairs(model["data"]!["params"]!)["depth"], model["data"]!["metrics"]![0]!["value"]!.ToJsonString()));
        Assert.Equal("{}", (await _client.AskAsync($"logged-models/{other}"))["model"]!["data"]!.ToJsonString());

        // Others do not log to it; they may tag and delete it.
        var refusal = $"The logged model {id} is that of the job {job["id"]}: only the job writes its files, params and status. To have another one, log a model of your own.";
        await _client.RefusedAsync($"logged-models/{id}/params", """{"params":[{"key":"a","value":"b"}]}""", 403, "PERMISSION_DENIED", refusal);
        Assert.Equal(HttpStatusCode.Forbidden, (await _client.PutAsync($"/api/2.0/mlflow-artifacts/artifacts/{run["info"]!["experiment_id"]}/models/{id}/artifacts/a.json", new ByteArrayContent([1]))).StatusCode);
        Assert.Equal(403, (await _client.SendAsync("logged-models", $$"""{"experiment_id":"{{run["info"]!["experiment_id"]}}","source_run_id":"{{job["run"]}}"}""")).Status);
        await _client.SendOkAsync($"PATCH logged-models/{id}/tags", """{"tags":[{"key":"seen","value":"x"}]}""");
        await _client.SendOkAsync($"DELETE logged-models/{id}");
    }

    [Theory]
    [InlineData("""{"tracking":true,"environment":{"MLFLOW_TRACKING_URI":"http://localhost:1"}}""", "The option tracking sets MLFLOW_TRACKING_URI: leave it out of the environment, or tracking.")]
    [InlineData("""{"tracking":1}""", "/tracking must be true or false; got 1.")]
    public async Task Tracking_that_cannot_be_is_refused(string options, string sentence)
    {
        var answer = await _client.TrainAsync("run-refused", Model, options: options);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(sentence, answer.Description, StringComparison.Ordinal);
    }

    private async Task<JsonNode> JobAsync(string id) => (await _client.GetJsonAsync($"/api/v1/jobs/{id}")).Body["job"]!;

    private static Dictionary<string, string> Pairs(JsonNode list) => list.AsArray().ToDictionary(pair => (string)pair!["key"]!, pair => (string)pair!["value"]!);
}
