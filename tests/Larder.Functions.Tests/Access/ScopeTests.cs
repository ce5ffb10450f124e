using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Access;

/// <summary>Tokens for some models: every route, at a running Larder.</summary>
[Collection(nameof(SharedAccess))]
public sealed class ScopeTests(AccessFixture larder)
{
    private const string Scope = """{"prefixes": ["a-"], "tags": {"team": "a"}}""";

    // Functions that ask themselves; each has a test below. Written out, so that a new one is seen.
    private static readonly string[] AskThemselves =
    [
        "AllInformation", "AllStatisticsV2", "CancelJob", "ChangeSchedule", "CreateSchedule", "DeleteJob", "DeleteSchedule", "GetJob", "GetJobLogs", "GetLineage", "GetSchedule", "Invocations", "ListDatasets", "ListJobInputs", "ListJobOutputs", "ExportJobs", "ListJobs", "ListModels",
        "ListScheduleRuns", "ListSchedules", "MLflowArtifactFolder", "MLflowCreateModelVersion", "MLflowCreateRegisteredModel", "MLflowDeleteModelVersion", "MLflowDeleteModelVersionTag", "MLflowDeleteRegisteredAlias", "MLflowDeleteRegisteredModel", "MLflowDeleteRegisteredModelTag", "MLflowDownloadArtifact", "MLflowDownloadUri", "MLflowGetModelVersion", "MLflowGetModelVersionArtifact",
        "MLflowGetRegisteredAlias", "MLflowGetRegisteredModel", "MLflowLatestVersions", "MLflowRenameRegisteredModel", "MLflowSearchModelVersions", "MLflowSearchRegisteredModels", "MLflowSetModelVersionTag", "MLflowSetRegisteredAlias", "MLflowSetRegisteredModelTag", "MLflowTransitionStage", "MLflowUpdateModelVersion", "MLflowUpdateRegisteredModel", "ModelNamesV1", "ModelNamesV2", "PauseSchedule", "ReadJobInput", "ReadJobOutput", "ReplaceSchedule", "RepositoryIndexV2", "ResumeSchedule", "RetryJob", "RunScheduleNow", "Score", "ScoreSwagger", "SearchEverything",
    ];

    // For whole models they need another role.
    private static readonly string[] OfAVersion = ["DELETE /api/v1/models/{reference}", "POST /api/v1/models/{reference}/restore"];

    [Fact]
    public async Task A_route_that_names_a_model_is_for_models_in_scope_and_one_about_all_models_for_none()
    {
        var token = await TokenAsync("admin");
        await MakeModelsAsync();
        var access = RoleRequirements.OfThisApp();
        var wrong = new List<string>();
        foreach (var route in new RouteTable().Entries.Where(route => route.Role > Role.None))
            foreach (var method in route.Methods)
            {
                var function = FunctionOf(method, route.Path);
                switch (access.Of(function).Scope)
                {
                    case ScopeRule.Route:
                        foreach (var (model, isInScope) in new[] { ("a-none", true), ("a-one", true), ("tagged", true), ("b-one", false), ("b-none", false), ("A-one", false) })
                        {
                            var path = PathOf(route.Path, model, OfAVersion.Contains($"{method} {route.Path}") ? ":9" : "");
                            var (status, body) = await SendAsync(new HttpMethod(method), path, token);
                            if (isInScope ? status is 401 or 403 : status != 403 || !body.Contains("The scope of walker does not have the model", StringComparison.Ordinal))
                                wrong.Add($"{method} {path}: {status} {body}");
                        }
                        break;
                    case ScopeRule.AllModels:
                        var (all, why) = await SendAsync(new HttpMethod(method), PathOf(route.Path, "x", ""), token);
                        if (all != 403 || !why.Contains("has a scope: use a token without one", StringComparison.Ordinal))
                            wrong.Add($"{method} {route.Path}: {all} {why}");
                        break;
                    case ScopeRule.NoModel:
                        var (none, _) = await SendAsync(new HttpMethod(method), route.Path, token);
                        if (none is 401 or 403)
                            wrong.Add($"{method} {route.Path}: {none}");
                        break;
                    default:
                        if (!AskThemselves.Contains(function))
                            wrong.Add($"{function} asks itself, and no test says so");
                        break;
                }
            }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Lists_show_what_is_in_scope()
    {
        var token = await TokenAsync("reader");
        await MakeModelsAsync();

        var (_, models) = await SendAsync(HttpMethod.Get, "/api/v1/models?limit=1", token);
        var first = JsonNode.Parse(models)!;
        var (_, rest) = await SendAsync(HttpMethod.Get, $"/api/v1/models?cursor={Uri.EscapeDataString((string)first["next_cursor"]!)}", token);
        var (_, information) = await SendAsync(HttpMethod.Get, "/api/v1/models/information", token);

        Assert.Equal(["a-one"], first["model_list"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(["tagged"], JsonNode.Parse(rest)!["model_list"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(["a-one", "tagged"], JsonNode.Parse(information)!["models"]!.AsArray().Select(model => (string)model!["name"]!));
        foreach (var model in new[] { "a-one", "b-one" })
            Assert.Equal(400, (await larder.SendAsync(HttpMethod.Post, $"/v2/models/{model}/infer", "predictor", "{}")).Status);
        var (_, statistics) = await SendAsync(HttpMethod.Get, "/v2/models/stats", token);
        Assert.Contains("\"a-one\"", statistics);
        Assert.DoesNotContain("\"b-one\"", statistics);
        var (_, names) = await SendAsync(HttpMethod.Get, "/v2/models", token);
        var (_, older) = await SendAsync(HttpMethod.Get, "/v1/models", token);
        Assert.Equal(names, older);
        var (_, index) = await SendAsync(HttpMethod.Post, "/v2/repository/index", token, "{}");
        Assert.Equal(["a-one", "tagged"], JsonNode.Parse(names)!["models"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(["a-one", "tagged"], JsonNode.Parse(index)!.AsArray().Select(entry => (string)entry!["name"]!));
        await new DatasetStore(await TestStore.OpenAsync(larder.Storage)).PutAsync(Dataset("a-one"));
        await new DatasetStore(await TestStore.OpenAsync(larder.Storage)).PutAsync(Dataset("b-one"));
        var (_, datasets) = await SendAsync(HttpMethod.Get, "/api/v1/datasets", token);
        Assert.Equal(["a-one"], JsonNode.Parse(datasets)!["datasets"]!.AsArray().Select(dataset => (string)dataset!["model"]!));
    }

    [Fact]
    public async Task Lineage_shows_what_is_in_scope()
    {
        var token = await TokenAsync("reader");
        await MakeModelsAsync();
        var store = new JobStore(await TestStore.OpenAsync(larder.Storage), TimeProvider.System);
        var datasets = new DatasetStore(await TestStore.OpenAsync(larder.Storage));
        var (own, others) = (await PlantReaderAsync(store, "a-one"), await PlantReaderAsync(store, "b-one"));
        foreach (var model in new[] { "a-one", "b-one" })
            await datasets.PutAsync(Dataset(model) with { FileName = "lineage.csv", Sha256 = new string('7', 64) });

        var (_, all) = await SendAsync(HttpMethod.Get, "/api/v1/lineage/dataset/a-one/lineage.csv", token);
        var (_, back) = await SendAsync(HttpMethod.Get, $"/api/v1/lineage/job/{own}", token);
        var (refused, why) = await SendAsync(HttpMethod.Get, "/api/v1/lineage/dataset/b-one/lineage.csv", token);

        Assert.Contains($"job/{own}", all);
        Assert.DoesNotContain(others, all);
        Assert.Contains("dataset/a-one/lineage.csv", back);
        Assert.DoesNotContain("b-one", back);
        Assert.True(refused == 403 && why.Contains("does not have the model 'b-one'", StringComparison.Ordinal), why);
        foreach (var (path, status) in new[]
        {
            ($"job/{others}", 403), ("version/b-one:1", 403), ("version/b-none:1", 403), ("model/b-one", 403), ("alias/b-one:default", 403), ("version/a-one:1", 200), ("version/tagged:1", 200), ("model/tagged", 200),
            ("run/0123456789abcdef0123456789abcdef", 403), ("run-dataset/a@b", 403), ("logged-model/m-0123456789abcdef0123456789abcdef", 403),
        })
        {
            Assert.Equal((path, status), (path, (await SendAsync(HttpMethod.Get, $"/api/v1/lineage/{path}", token)).Status));
        }
        // Other tests count data sets.
        foreach (var model in new[] { "a-one", "b-one" })
            await datasets.DeleteAsync(ModelName.Parse(model), "lineage.csv");
    }

    [Fact]
    public async Task Search_finds_and_counts_what_is_in_scope()
    {
        var token = await TokenAsync("reader");
        await MakeModelsAsync();
        var store = new JobStore(await TestStore.OpenAsync(larder.Storage), TimeProvider.System);
        foreach (var model in new[] { "a-one", "b-one" })
            await PlantAsync(store, model, JobState.Failed);

        var (status, body) = await SendAsync(HttpMethod.Get, "/api/v1/search?limit=100", token);
        var all = await larder.SendAsync(HttpMethod.Get, "/api/v1/search?limit=100&kind=model", "reader");
        var (shown, page) = await SendAsync(HttpMethod.Get, "/ui/search?q=one", token);

        Assert.Equal(200, status);
        Assert.DoesNotContain("b-one", body);
        Assert.Contains("b-one", all.Body);
        var found = JsonNode.Parse(body)!;
        Assert.Contains("a-one:1", found["hits"]!.AsArray().Select(hit => (string)hit!["id"]!));
        Assert.Contains("tagged", found["hits"]!.AsArray().Select(hit => (string)hit!["id"]!));
        Assert.DoesNotContain("run", found["facets"]!["kind"]!.AsArray().Select(value => (string)value!["value"]!));
        Assert.DoesNotContain("team:b", body);
        Assert.Equal(200, shown);
        Assert.Contains("/ui/models/a-one", page);
        Assert.DoesNotContain("b-one", page);
    }

    [Fact]
    public async Task MLflows_registry_is_held_to_the_scope()
    {
        var token = await TokenAsync("admin");
        await MakeModelsAsync();
        const string Api = "/api/2.0/mlflow/";
        foreach (var (model, isInScope) in new[] { ("a-one", true), ("tagged", true), ("a-none", true), ("b-one", false), ("b-none", false) })
        {
            var (name, version) = ($"\"name\":\"{model}\"", $"\"name\":\"{model}\",\"version\":\"9\"");
            (string Method, string Call, string? Body)[] ways =
            [
                ("GET", $"registered-models/get?name={model}", null), ("GET", $"registered-models/get-latest-versions?name={model}", null), ("GET", $"registered-models/alias?name={model}&alias=x", null),
                ("GET", $"model-versions/get?name={model}&version=9", null), ("GET", $"model-versions/get-download-uri?name={model}&version=9", null),
                ("POST", "registered-models/create", $"{{{name},\"tags\":[{{}}]}}"), ("POST", "registered-models/rename", $"{{{name}}}"), ("PATCH", "registered-models/update", $"{{{name},\"description\":\"x\"}}"),
                ("POST", "registered-models/set-tag", $"{{{name},\"key\":\"k\",\"value\":\"v\"}}"), ("DELETE", "registered-models/delete-tag", $"{{{name},\"key\":\"k\"}}"),
                ("POST", "registered-models/alias", $"{{{version},\"alias\":\"x\"}}"), ("DELETE", "registered-models/alias", $"{{{name},\"alias\":\"x\"}}"), ("PATCH", "model-versions/update", $"{{{version}}}"),
                ("DELETE", "model-versions/delete", $"{{{version}}}"), ("POST", "model-versions/set-tag", $"{{{version},\"key\":\"k\",\"value\":\"v\"}}"), ("DELETE", "model-versions/delete-tag", $"{{{version},\"key\":\"k\"}}"),
                ("POST", "model-versions/transition-stage", $"{{{version},\"stage\":\"None\",\"archive_existing_versions\":false}}"),
            ];
            foreach (var (method, call, body) in ways)
            {
                // Creation is refused for its tags where it is not for its scope.
                var text = body?.Replace("[{}]", isInScope ? "[{}]" : "[]");
                var (status, answer) = await SendAsync(new HttpMethod(method), Api + call, token, text);
                Assert.True(isInScope ? status is not (401 or 403) : status == 403 && answer.Contains("\"PERMISSION_DENIED\"", StringComparison.Ordinal), $"{method} {call} {body}: {status} {answer}");
            }
        }
        Assert.Equal(403, (await SendAsync(HttpMethod.Delete, $"{Api}registered-models/delete", token, """{"name":"b-one"}""")).Status);

        // A version is made of a run's artifacts, and runs belong to no model; the files of versions are those of models.
        Assert.Equal(403, (await SendAsync(HttpMethod.Post, $"{Api}model-versions/create", token, """{"name":"a-one","source":"runs:/x/model"}""")).Status);
        const string Files = "/api/2.0/mlflow-artifacts/artifacts";
        foreach (var (path, status) in new[] { ("models/a-one/1", 200), ("models/b-one/1", 403), ("0/0123456789abcdef0123456789abcdef/artifacts", 403) })
            Assert.Equal(status, (await SendAsync(HttpMethod.Get, $"{Files}?path={path}", token)).Status);
        foreach (var (path, status) in new[] { ("models/a-one/1/MLmodel", 200), ("models/b-one/1/MLmodel", 403), ("0/0123456789abcdef0123456789abcdef/artifacts/x", 403) })
            Assert.Equal(status, (await SendAsync(HttpMethod.Get, $"{Files}/{path}", token)).Status);

        foreach (var (model, status) in new[] { ("a-one", 200), ("b-one", 403) })
            Assert.Equal(status, (await SendAsync(HttpMethod.Get, $"/model-versions/get-artifact?name={model}&version=1&path=MLmodel", token)).Status);

        var (_, models) = await SendAsync(HttpMethod.Get, $"{Api}registered-models/search", token);
        Assert.Equal(["a-one", "tagged"], JsonNode.Parse(models)!["registered_models"]!.AsArray().Select(one => (string)one!["name"]!));
        var (_, versions) = await SendAsync(HttpMethod.Get, $"{Api}model-versions/search", token);
        Assert.Equal(["a-one", "tagged"], JsonNode.Parse(versions)!["model_versions"]!.AsArray().Select(one => (string)one!["name"]!).Distinct());
        Assert.Equal("{}", (await SendAsync(HttpMethod.Get, $"{Api}model-versions/search?filter={Uri.EscapeDataString("name = 'b-one'")}", token)).Body);
    }

    [Fact]
    public async Task The_configured_model_is_held_to_the_scope()
    {
        var token = await TokenAsync("predictor");
        foreach (var (method, path) in new[] { ("POST", "/invocations"), ("POST", "/score"), ("GET", "/score"), ("GET", "/swagger.json") })
        {
            var (status, body) = await SendAsync(new HttpMethod(method), path, token, method == "POST" ? "{}" : null);
            Assert.True(status == 403 && body.Contains("The scope of walker does not have the model 'b-one'", StringComparison.Ordinal), $"{method} {path}: {status} {body}");
        }
    }

    [Fact]
    public async Task Jobs_and_schedules_go_by_the_model_that_they_are_about()
    {
        var token = await TokenAsync("contributor");
        await MakeModelsAsync();
        var store = new JobStore(await TestStore.OpenAsync(larder.Storage), TimeProvider.System);
        foreach (var (model, isInScope) in new[] { ("a-one", true), ("tagged", true), ("b-one", false) })
        {
            var (ended, running) = (await PlantAsync(store, model, JobState.Failed), await PlantAsync(store, model, JobState.Running));
            var schedule = await ScheduleAsync(model);
            (HttpMethod Method, string Path, string? Body)[] ways =
            [
                (HttpMethod.Get, $"jobs/{ended}", null), (HttpMethod.Get, $"jobs/{ended}/logs", null), (HttpMethod.Get, $"jobs/{ended}/inputs", null), (HttpMethod.Get, $"jobs/{ended}/inputs/a", null), (HttpMethod.Get, $"jobs/{ended}/outputs", null), (HttpMethod.Get, $"jobs/{ended}/outputs/a", null),
                (HttpMethod.Post, $"jobs/{running}/retry", ""), (HttpMethod.Post, $"jobs/{ended}/cancel", ""), (HttpMethod.Delete, $"jobs/{running}", null),
                (HttpMethod.Post, "schedules", Scheduled("ingest", model, $$"""{"blob": "uploads/{{model}}/x.onnx"}""")), (HttpMethod.Post, "schedules", Scheduled("train", "a-one", $$"""{"job": "{{ended}}"}""")),
                (HttpMethod.Post, "schedules", Scheduled("train", "a-one", $$"""{"version": "{{model}}:1"}""")), (HttpMethod.Post, "schedules", Scheduled("ingest", "a-one", $$"""{"blob": "uploads/{{model}}/x.onnx"}""")),
                (HttpMethod.Post, "schedules", Scheduled("score", "a-one", $$"""{"dataset": "datasets/{{model}}/x.csv"}""")), (HttpMethod.Post, "schedules", Scheduled("score", "a-one", $$"""{"dataset": "uploads/{{model}}/x.csv"}""")),
                (HttpMethod.Post, "models/a-one/scoring", $$"""{"dataset": "datasets/{{model}}/none.csv"}"""), (HttpMethod.Post, "models/a-one/scoring", $$"""{"dataset": "uploads/{{model}}/none.csv"}"""),
                (HttpMethod.Post, "schedules", Scheduled("drift", "a-one", $$"""{"dataset": "datasets/{{model}}/x.csv"}""")), (HttpMethod.Post, "models/a-one/drift", $$"""{"dataset": "datasets/{{model}}/none.csv"}"""),
                (HttpMethod.Post, "models/a-one/drift", $$"""{"options": {"reference": "datasets/{{model}}/none.csv"}, "dataset": "uploads/a-one/none.csv"}"""),
                (HttpMethod.Post, "train/a-one", $$"""{"script": "1", "dataset": "datasets/{{model}}/none.csv"}"""),
                (HttpMethod.Get, $"schedules/{schedule}", null), (HttpMethod.Get, $"schedules/{schedule}/runs", null), (HttpMethod.Put, $"schedules/{schedule}", Scheduled("ingest", "a-one", """{"blob": "uploads/a-one/x.onnx"}""")),
                (HttpMethod.Patch, $"schedules/{schedule}", """{"description": "x"}"""), (HttpMethod.Post, $"schedules/{schedule}", """{"description": "y"}"""), (HttpMethod.Post, $"schedules/{schedule}/pause", ""),
                (HttpMethod.Post, $"schedules/{schedule}/resume", ""), (HttpMethod.Post, $"schedules/{schedule}/run", ""), (HttpMethod.Delete, $"schedules/{schedule}", null),
            ];
            foreach (var (method, path, body) in ways)
            {
                var (status, text) = await SendAsync(method, $"/api/v1/{path}", token, body);
                Assert.True(isInScope == (status != 403), $"{method} {path} {body}: {status} {text}");
            }
            foreach (var listed in new[] { "jobs", "jobs/export?format=csv", "jobs/export?format=json" })
                Assert.Equal(isInScope, (await SendAsync(HttpMethod.Get, $"/api/v1/{listed}", token)).Body.Contains(ended, StringComparison.Ordinal));
        }

        var others = await ScheduleAsync("b-one");
        var own = await ScheduleAsync("a-one");
        var (_, list) = await SendAsync(HttpMethod.Get, "/api/v1/schedules", token);
        Assert.Contains(own, list);
        Assert.DoesNotContain(others, list);
        // What a scoped token made goes on with its scope: it moves to no other model.
        Assert.Equal(403, (await SendAsync(HttpMethod.Put, $"/api/v1/schedules/{own}", token, Scheduled("ingest", "b-one", """{"blob": "uploads/b-one/x.onnx"}"""))).Status);
        // Exports and imports are about all models.
        var admin = await TokenAsync("admin");
        Assert.Equal(403, (await SendAsync(HttpMethod.Post, "/api/v1/schedules", admin, Scheduled("export", "*", "{}"))).Status);
    }

    [Fact]
    public async Task A_tag_that_is_taken_away_takes_the_model_out_of_scope()
    {
        var token = await TokenAsync("predictor");
        await UploadAsync("moved");
        await larder.SendAsync(HttpMethod.Post, "/api/v1/models/moved", "contributor", """{"tags": {"team": "a"}}""");
        Assert.Equal(200, (await PredictAsync()).Status);

        await larder.SendAsync(HttpMethod.Post, "/api/v1/models/moved", "contributor", """{"tags": {"team": "b"}}""");

        Assert.Equal((403, true), await PredictAsync() is var (status, body) ? (status, body.Contains("does not have the model 'moved'", StringComparison.Ordinal)) : default);

        Task<(int Status, string Body)> PredictAsync() => SendAsync(HttpMethod.Post, "/api/v1/models/moved/prediction", token, """{"values":[1,2,3,4]}""");
    }

    private async Task<string> TokenAsync(string role)
    {
        var (status, body, _) = await larder.SendAsync(HttpMethod.Post, "/api/v1/admin/tokens", "admin", $$"""{"name": "walker", "role": "{{role}}", "scope": {{Scope}}}""");
        Assert.True(status == 201, body);
        return (string)JsonNode.Parse(body)!["token"]!;
    }

    private async Task<(int Status, string Body)> SendAsync(HttpMethod method, string path, string token, string? json = null)
    {
        var (status, body, _) = await larder.SendAsync(method, path, null, json ?? (method == HttpMethod.Get ? null : "{}"), TokensTests.Bearer(token));
        return (status, body);
    }

    private async Task MakeModelsAsync()
    {
        // Once, whichever test is the first: an index shows every version.
        foreach (var name in new[] { "a-one", "tagged", "b-one" })
        {
            if ((await larder.SendAsync(HttpMethod.Get, $"/api/v1/models/{name}", "reader")).Status == 404)
                await UploadAsync(name);
        }
        Assert.Equal(200, (await larder.SendAsync(HttpMethod.Post, "/api/v1/models/tagged", "contributor", """{"tags": {"team": "a"}}""")).Status);
        Assert.Equal(200, (await larder.SendAsync(HttpMethod.Post, "/api/v1/models/b-one", "contributor", """{"tags": {"team": "b"}}""")).Status);
    }

    private async Task UploadAsync(string name)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(OnnxModel.Linear()), "path", "model.onnx" } };
        using var upload = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/models/{name}") { Content = form, Headers = { { "x-functions-key", AccessFixture.KeyOf("contributor") } } };
        using var answer = await larder.Client.SendAsync(upload);
        Assert.Equal(201, (int)answer.StatusCode);
    }

    private async Task<string> ScheduleAsync(string model)
    {
        var (status, body, _) = await larder.SendAsync(HttpMethod.Post, "/api/v1/schedules", "contributor", Scheduled("ingest", model, $$"""{"blob": "uploads/{{model}}/x.onnx"}"""));
        Assert.True(status == 201, body);
        return (string)JsonNode.Parse(body)!["schedule"]!["id"]!;
    }

    private static string Scheduled(string type, string model, string inputs) =>
        $$"""{"name": "walk", "cron": "0 0 1 1 *", "time_zone": "UTC", "job": {"type": "{{type}}", "model": "{{model}}", "inputs": {{inputs}} } }""";

    private static async Task<string> PlantAsync(JobStore store, string model, JobState state)
    {
        var (now, id) = (DateTimeOffset.UtcNow, JobId.Create(DateTimeOffset.UtcNow));
        await store.CreateAsync(new Job { Id = id, Type = "score", State = state, Model = model, Created = now, Options = JsonSerializer.SerializeToElement(new { }) });
        return id;
    }

    private static async Task<string> PlantReaderAsync(JobStore store, string model)
    {
        var (now, id) = (DateTimeOffset.UtcNow, JobId.Create(DateTimeOffset.UtcNow));
        await store.CreateAsync(new Job
        {
            Id = id, Type = "train", State = JobState.Failed, Model = model, Created = now, Options = JsonSerializer.SerializeToElement(new { }), Inputs = [new JobInput("dataset", "lineage.csv", new string('7', 64), 1)],
        });
        return id;
    }

    private static Dataset Dataset(string model) => new()
    {
        Model = ModelName.Parse(model), FileName = "x.csv", SizeBytes = 1, Sha256 = new string('0', 64), Created = DateTimeOffset.UtcNow, Job = JobId.Create(DateTimeOffset.UtcNow),
    };

    private static string PathOf(string template, string model, string version) => template
        .Replace("{reference}", model + version).Replace("{model}", model).Replace("{upload}", "0000000000000000").Replace("{token}", new string('0', 32))
        .Replace("{*path}", "x").Replace("{file}", "x.csv").Replace("{alias}", "walk");

    private static string FunctionOf(string method, string path) =>
        new RouteTable().Entries.Single(entry => entry.Path == path && entry.Methods.Contains(method)).Function;
}
