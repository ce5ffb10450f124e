using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Functions.Tests.Hosting;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Drift;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Training;
using Larder.Orchestrations.Uploads;
using Larder.Testing;
using Larder.Testing.Onnx;
using Xunit.Abstractions;

namespace Larder.Functions.Tests.Http;

/// <summary>
/// Hostile text in every place of every route where text can be: nothing is a 5xx, every refusal has the body of its dialect, and the server goes on and can
/// still show what it stored. Routes come from the table of routes, members from the records, parameters and fields from the refusals that name them. The short
/// form puts each text into every fifth of a route's places in a query or in JSON, the long form into all.
/// </summary>
public sealed partial class HostileTextTests(LarderFixture larder, ITestOutputHelper output) : IClassFixture<LarderFixture>
{
    private const int AtOnce = 8;
    private static readonly int EveryNth = LongTests.Choose(brief: 5, full: 1);

    // As the caller would have it on the wire; and as JSON could write it where bytes cannot.
    private static readonly (string Name, byte[] Bytes, string? Json)[] Texts =
    [
        ("high surrogate", [0xED, 0xA0, 0x80], "\\ud800"),
        ("low surrogate", [0x61, 0xED, 0xB0, 0x80, 0x62], "a\\udc00b"),
        ("NUL", "a\0b"u8.ToArray(), "a\\u0000b"),
        ("right to left", "\u202egnp.exe"u8.ToArray(), null),
        ("64 KB", [.. Enumerable.Repeat((byte)'x', 64 << 10)], null),
        ("no UTF-8", [0xFF, 0xC0, 0xAF], null),
        ("percent", "%2e%2e%2f%00%25%ED%A0%80%zz"u8.ToArray(), null),
        ("quotes", "\"'`<b>&;\\"u8.ToArray(), "\\\"'`<b>&;\\\\"),
        ("lines", "a\r\nX-Injected: 1\r\n\r\n<b>"u8.ToArray(), "a\\r\\nX-Injected: 1\\r\\n"),
        ("format characters", "\u200b\uFEFF\u2028\u2066\U000E0041"u8.ToArray(), null),
        ("beyond the plane", "\U0001F600e\u0301\U0010FFFF"u8.ToArray(), "\\ud83d\\ude00e\\u0301"),
        ("a way out", "../../etc/passwd"u8.ToArray(), null),
        ("templates", "{0} ${HOME} $(id) %s"u8.ToArray(), null),
    ];

    private static readonly string[] Headers =
    [
        "Idempotency-Key", "If-Match", "If-None-Match", "If-Range", "Range", "x-request-id", "Last-Event-ID", "Accept", "traceparent", "tracestate", "Origin", "Content-Type",
        "Content-Encoding", "Transfer-Encoding", "x-functions-key", "Authorization", "Cookie", "X-MS-CLIENT-PRINCIPAL", "X-Forwarded-For", "Expect",
    ];

    // Bodies that are taken, but for what is put into them, or that name what does not exist; and their members.
    private static readonly JsonRoute[] JsonRoutes =
    [
        new("POST", "/api/v1/models/{reference}", "{}", ("", [.. Members(typeof(ModelEditRequest)), .. Members(typeof(VersionEditRequest))]), ("settings", ["session", "batching", "image", "missing"])),
        new("POST", "/api/v1/models/{model}/default", "{}", ("", ["default"])),
        new("PUT", "/api/v1/models/{model}/aliases/{alias}", "{}", ("", ["version"])),
        new("PUT", "/api/v1/models/{model}/rating", """{"stars":7}""", ("", ["stars"])),
        new("GET", "/api/v1/models/{reference}/prediction", "{}", ("", ["values"]), ("values", ["x"])),
        new("POST", "/api/v1/models/{reference}/prediction", "{}", ("", ["values"]), ("values", ["x"])),
        new("POST", "/api/v1/models/{reference}/samples", "{}", ("", ["values"]), ("values", ["x"])),
        new("POST", "/api/v1/train/{model}", """{"script":"x","dataset":"uploads/none.csv"}""", ("", Members(typeof(TrainingRequest))), ("options", Members(TrainOptions.Schema.Json))),
        new("POST", "/api/v1/models/{reference}/scoring", """{"dataset":"uploads/none.csv"}""", ("", Members(typeof(ScoringRequest))), ("options", Members(ScoreOptions.Schema.Json))),
        new("POST", "/api/v1/models/{reference}/drift", """{"dataset":"uploads/none.csv"}""", ("", Members(typeof(DriftRequest))), ("options", Members(DriftOptions.Schema.Json))),
        new("POST", "/api/v1/models/{model}/uploads", """{"kind":"none"}""", ("", Members(typeof(NewUploadRequest)))),
        new("POST", "/api/v1/models/{model}/uploads/{upload}/complete", "{}", ("", [.. Members(UploadOptions.Schema.Json), .. Members(DatasetOptions.Schema.Json)])),
        .. new[] { ("POST", "/api/v1/schedules"), ("PUT", "/api/v1/schedules/{schedule}"), ("POST", "/api/v1/schedules/{schedule}"), ("PATCH", "/api/v1/schedules/{schedule}") }.Select(route => new JsonRoute(
            route.Item1, route.Item2, """{"name":"x","cron":"0 0 1 1 *","enabled":false,"job":{"type":"score","model":"hostile","inputs":{"dataset":"uploads/none.csv"}}}""",
            ("", Members(typeof(ScheduleRequest))), ("job", Members(typeof(ScheduledJobRequest))), ("job.inputs", Members(typeof(ScheduledInputDetails))), ("job.options", Members(ScoreOptions.Schema.Json)))),
        new("POST", "/api/v1/admin/import", """{"source":"uploads/none.zip"}""", ("", Members(typeof(ImportRequest))), ("options", Members(ImportOptions.Schema.Json))),
        new("POST", "/api/v1/admin/export", """{"models":[7]}""", ("", Members(ExportOptions.Schema.Json))),
        new("POST", "/api/test/sendtomodelhost", "{}", ("", ["data"])),
        .. new[] { "/v2/models/{model}/infer", "/v2/models/{model}/versions/{version}/infer" }.Select(path => new JsonRoute(
            "POST", path, """{"inputs":[{"name":"x"}],"outputs":[{"name":"label"}]}""", ("", ["id", "inputs", "outputs", "parameters"]))),
        .. new[] { "/v1/models/{model}:{method}", "/v1/models/{model}/versions/{version}:{method}", "/v1/models/{model}/labels/{label}:{method}" }.Select(path => new JsonRoute(
            "POST", path, """{"inputs":{"x":[[1,2,3,4]]}}""", ("", ["signature_name", "instances", "inputs", "examples", "context"]), ("inputs", ["x"]))),
        .. new[] { "/invocations", "/api/v1/models/{reference}/invocations" }.Select(path => new JsonRoute(
            "POST", path, """{"other":1}""", ("", ["dataframe_split", "dataframe_records", "instances", "inputs", "params"]), ("dataframe_split", ["columns", "index", "data"]), ("params", ["top", "activation", "output"]))),
        .. new[] { "GET", "POST" }.Select(method => new JsonRoute(method, "/score", "{}", ("", ["input_data"]), ("input_data", ["columns", "index", "data"]))),
        new("POST", "/v2/repository/index", "{}", ("", ["ready"])),
        new("POST", "/v2/repository/models/{model}/load", "{}", ("", ["parameters"])),
        new("POST", "/v2/repository/models/{model}/unload", "{}", ("", ["parameters"])),
        new("POST", "/api/2.0/mlflow/runs/log-metric", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":1,"timestamp":1}""", ("", Members(typeof(LogMetricRequest)))),
        new("POST", "/api/2.0/mlflow/runs/log-parameter", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(LogParamRequest)))),
        new("POST", "/api/2.0/mlflow/runs/log-batch", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(LogBatchRequest)))),
        new("POST", "/api/2.0/mlflow/runs/log-model", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(LogModelRequest)))),
        new("POST", "/api/2.0/mlflow/runs/log-inputs", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(LogInputsRequest)))),
        new("POST", "/api/2.0/mlflow/runs/outputs", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(LogOutputsRequest)))),
        new("POST", "/api/2.0/mlflow/experiments/create", """{"name":""}""", ("", Members(typeof(CreateExperimentRequest)))),
        new("POST", "/api/2.0/mlflow/experiments/search", """{}""", ("", Members(typeof(SearchExperimentsRequest)))),
        new("POST", "/api/2.0/mlflow/experiments/update", """{"experiment_id":"7"}""", ("", Members(typeof(UpdateExperimentRequest)))),
        new("POST", "/api/2.0/mlflow/experiments/delete", """{"experiment_id":"7","key":"k","value":"v"}""", ("", Members(typeof(ExperimentRequest)))),
        new("POST", "/api/2.0/mlflow/experiments/restore", """{"experiment_id":"7","key":"k","value":"v"}""", ("", Members(typeof(ExperimentRequest)))),
        new("POST", "/api/2.0/mlflow/experiments/purge", """{"experiment_id":"7","key":"k","value":"v"}""", ("", Members(typeof(ExperimentRequest)))),
        new("POST", "/api/2.0/mlflow/experiments/search-datasets", """{"experiment_ids":["7"]}""", ("", Members(typeof(SearchDatasetsRequest)))),
        new("POST", "/api/2.0/mlflow/runs/create", """{"experiment_id":"7"}""", ("", Members(typeof(CreateRunRequest)))),
        new("POST", "/api/2.0/mlflow/runs/update", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(UpdateRunRequest)))),
        new("POST", "/api/2.0/mlflow/runs/delete", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(RunRequest)))),
        new("POST", "/api/2.0/mlflow/runs/restore", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(RunRequest)))),
        new("POST", "/api/2.0/mlflow/runs/purge", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(RunRequest)))),
        new("POST", "/api/2.0/mlflow/runs/search", """{"experiment_ids":["7"]}""", ("", Members(typeof(SearchRunsRequest)))),
        new("POST", "/api/2.0/mlflow/experiments/set-experiment-tag", """{"experiment_id":"7","key":"k","value":"v"}""", ("", Members(typeof(SetExperimentTagRequest)))),
        new("POST", "/api/2.0/mlflow/experiments/delete-experiment-tag", """{"experiment_id":"7","key":"k","value":"v"}""", ("", Members(typeof(DeleteExperimentTagRequest)))),
        new("POST", "/api/2.0/mlflow/runs/set-tag", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(SetTagRequest)))),
        new("POST", "/api/2.0/mlflow/runs/delete-tag", """{"run_id":"0123456789abcdef0123456789abcdef","key":"k","value":"v","model_json":"{}"}""", ("", Members(typeof(DeleteTagRequest)))),
        new("POST", "/api/2.0/mlflow/logged-models", """{"experiment_id":"7"}""", ("", Members(typeof(CreateLoggedModelRequest)))),
        new("POST", "/api/2.0/mlflow/logged-models/search", """{"experiment_ids":["7"]}""", ("", Members(typeof(SearchLoggedModelsRequest)))),
        new("PATCH", "/api/2.0/mlflow/logged-models/{modelId}", """{"status":"LOGGED_MODEL_READY"}""", ("", Members(typeof(FinalizeLoggedModelRequest)))),
        new("PATCH", "/api/2.0/mlflow/logged-models/{modelId}/tags", """{"tags":[{"key":"k","value":"v"}]}""", ("", Members(typeof(SetLoggedModelTagsRequest)))),
        new("POST", "/api/2.0/mlflow/logged-models/{modelId}/params", """{"params":[{"key":"k","value":"v"}]}""", ("", Members(typeof(LogLoggedModelParamsRequest)))),
        new("POST", "/api/2.0/mlflow/registered-models/create", """{"name":""}""", ("", Members(typeof(CreateRegisteredModelRequest)))),
        new("POST", "/api/2.0/mlflow/registered-models/rename", """{"name":"none"}""", ("", Members(typeof(RenameRegisteredModelRequest)))),
        new("PATCH", "/api/2.0/mlflow/registered-models/update", """{"name":"none"}""", ("", Members(typeof(UpdateRegisteredModelRequest)))),
        new("DELETE", "/api/2.0/mlflow/registered-models/delete", """{"name":"none"}""", ("", Members(typeof(RegisteredModelRequest)))),
        new("POST", "/api/2.0/mlflow/registered-models/get-latest-versions", """{"name":"none"}""", ("", Members(typeof(LatestVersionsRequest)))),
        new("POST", "/api/2.0/mlflow/registered-models/set-tag", """{"name":"none","key":"k","value":"v"}""", ("", Members(typeof(SetRegisteredModelTagRequest)))),
        new("DELETE", "/api/2.0/mlflow/registered-models/delete-tag", """{"name":"none","key":"k"}""", ("", Members(typeof(DeleteRegisteredModelTagRequest)))),
        new("POST", "/api/2.0/mlflow/registered-models/alias", """{"name":"none","alias":"a","version":"1"}""", ("", Members(typeof(SetRegisteredAliasRequest)))),
        new("DELETE", "/api/2.0/mlflow/registered-models/alias", """{"name":"none","alias":"a"}""", ("", Members(typeof(RegisteredAliasRequest)))),
        new("POST", "/api/2.0/mlflow/model-versions/create", """{"name":"none","source":"runs:/x/y"}""", ("", Members(typeof(CreateModelVersionRequest)))),
        new("PATCH", "/api/2.0/mlflow/model-versions/update", """{"name":"none","version":"1"}""", ("", Members(typeof(UpdateModelVersionRequest)))),
        new("DELETE", "/api/2.0/mlflow/model-versions/delete", """{"name":"none","version":"1"}""", ("", Members(typeof(ModelVersionRequest)))),
        new("POST", "/api/2.0/mlflow/model-versions/set-tag", """{"name":"none","version":"1","key":"k","value":"v"}""", ("", Members(typeof(SetModelVersionTagRequest)))),
        new("DELETE", "/api/2.0/mlflow/model-versions/delete-tag", """{"name":"none","version":"1","key":"k"}""", ("", Members(typeof(DeleteModelVersionTagRequest)))),
        new("POST", "/api/2.0/mlflow/model-versions/transition-stage", """{"name":"none","version":"1","stage":"None","archive_existing_versions":false}""", ("", Members(typeof(TransitionStageRequest)))),
        // To no URL, and to webhooks that there are not: nothing is sent.
        new("POST", "/api/2.0/mlflow/webhooks", """{"name":"none","url":"ftp://none","events":[{"entity":"JOB","action":"ENDED"}]}""", ("", Members(typeof(CreateWebhookRequest)))),
        new("PATCH", "/api/2.0/mlflow/webhooks/{webhook}", """{"name":"none"}""", ("", Members(typeof(UpdateWebhookRequest)))),
        new("POST", "/api/2.0/mlflow/webhooks/{webhook}/test", """{"event":{"entity":"JOB","action":"ENDED"}}""", ("", Members(typeof(TestWebhookRequest)))),
        new("POST", "/api/2.0/mlflow-artifacts/mpu/create/{*path}", """{"path":"x"}""", ("", Members(typeof(CreateMultipartRequest)))),
        new("POST", "/api/2.0/mlflow-artifacts/mpu/complete/{*path}", """{"path":"x","upload_id":"x","parts":[{"part_number":1}]}""", ("", Members(typeof(CompleteMultipartRequest)))),
        new("POST", "/api/2.0/mlflow-artifacts/mpu/abort/{*path}", """{"path":"x","upload_id":"x"}""", ("", Members(typeof(AbortMultipartRequest)))),
        new("POST", "/api/v1/experiments/{experiment}/champion", """{"metric":"m","direction":"max","alias":"a"}""", ("", Members(typeof(ChampionRequest)))),
        // Of a role that there is not: a token would close the server to callers without one.
        new("POST", "/api/v1/admin/tokens", """{"role":"none"}""", ("", Members(typeof(NewTokenRequest))), ("scope", ["prefixes", "tags"])),
    ];

    // Of these a body says nothing.
    private static readonly string[] Bodiless =
    [
        "POST /api/v1/jobs/{job}/cancel", "POST /api/v1/jobs/{job}/retry", "POST /api/v1/models/{reference}/restore", "POST /api/v1/schedules/{schedule}/pause", "POST /api/v1/schedules/{schedule}/resume", "POST /api/v1/schedules/{schedule}/run", "POST /api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver", "POST /metrics",
        "POST /v2/cudasharedmemory/{*path}", "POST /v2/logging", "POST /v2/models/{model}/trace/setting", "POST /v2/systemsharedmemory/{*path}", "POST /v2/trace/setting",
        "OPTIONS /score", "PUT /api/2.0/mlflow-artifacts/artifacts/{*path}", "POST /api/2.0/mlflow/traces/{*path}", "PATCH /api/2.0/mlflow/traces/{*path}", "POST /api/3.0/mlflow/{*path}", "PATCH /api/3.0/mlflow/{*path}",
    ];

    private static readonly (string Method, string Path)[] Forms =
    [
        ("PUT", "/api/v1/models/{model}"), ("POST", "/api/v1/train/{model}"), ("POST", "/api/v1/train/{model}/{file}"), ("POST", "/api/v1/models/{reference}/scoring"), ("POST", "/api/v1/models/{reference}/drift"), ("POST", "/api/v1/admin/import"), ("POST", "/api/v1/models/{reference}/prediction"),
    ];

    private readonly ConcurrentBag<string> _wrong = [];
    private int _sent;

    private Uri Server => larder.Client.BaseAddress!;

    [Fact]
    public void Every_route_that_takes_a_body_and_every_record_of_a_body_is_here()
    {
        var routes = new RouteTable().Entries.SelectMany(route => route.Methods.Select(method => (Method: method, route.Path))).Where(route => route.Method is not ("GET" or "DELETE"));
        var known = JsonRoutes.Select(route => (route.Method, route.Path)).Concat(Forms).Select(route => $"{route.Method} {route.Path}").Concat(Bodiless).ToHashSet();
        Assert.Equal([], routes.Select(route => $"{route.Method} {route.Path}").Except(known));

        var records = typeof(ScheduleRequest).Assembly.GetTypes().Where(type => type.Name.EndsWith("Request", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(records);
        // What only GET takes is in the query.
        string[] ofQueries = ["experiment_name", "metric_key", "path", "artifact_directory_path", "artifact_file_path", "run_ids", "start_step", "end_step"];
        var members = JsonRoutes.SelectMany(route => route.Places).SelectMany(place => place.Members).Concat(ofQueries).ToHashSet();
        Assert.Equal([], records.SelectMany(Members).Except(members));
    }

    [Fact]
    public async Task In_a_path() => await AllAsync(
        from route in new RouteTable().Entries
        from method in route.Methods
        from parameter in Parameter().Matches(route.Path)
        from text in Texts
        select ($"{method} {route.Path}: {text.Name} in {parameter.Value}", (Func<Task<RawHttp.Reply>>)(() => RawHttp.SendAsync(
            Server, method, Encoding.ASCII.GetBytes(PathOf(route.Path.Replace(parameter.Value, Percent(text.Bytes)))), [("Content-Type", "application/json"u8.ToArray())], method == "GET" ? null : "{}"u8.ToArray()))));

    [Fact]
    public async Task In_a_query()
    {
        // What a route knows, it says when it is asked for something else; what does not say so is asked for all that others know.
        var known = new Dictionary<string, string[]>();
        foreach (var route in new RouteTable().Entries.Where(route => route.Methods.Contains("GET")))
        {
            var reply = await RawHttp.SendAsync(Server, "GET", Encoding.ASCII.GetBytes($"{PathOf(route.Path)}?unknown=1"), []);
            var sentence = (string?)(reply.Json as JsonObject)?["http_status"]?["description"] ?? "";
            if (sentence.Contains("is not known here", StringComparison.Ordinal))
                known[route.Path] = [.. sentence.Split("; ")[^1].Split(' ')[..^1].Select(name => name.TrimEnd(',')).Where(name => name is not ("none" or "is" or "are"))];
        }
        Assert.True(known.Values.Sum(names => names.Length) > 15, string.Join(", ", known.Keys));
        string[] all = [.. known.Values.SelectMany(names => names).Concat(["detail", "force", "code", "path", "experiment_id", "experiment_name", "run_id", "run_uuid", "metric_key", "run_ids", "start_step", "end_step", "page_token", "max_results", "filter", "order_by", "view_type", "artifact_directory_path", "artifact_file_path", "name", "version"]).Distinct()];

        await AllAsync(
            from route in new RouteTable().Entries
            where route.Methods.Contains("GET")
            from place in TextsIn([.. known.GetValueOrDefault(route.Path, all), ""])
            let name = place.Place
            let text = place.Text
            let query = name.Length == 0 ? $"{Percent(text.Bytes)}=1" : $"{name}={Percent(text.Bytes)}"
            select ($"GET {route.Path}?{name}: {text.Name}", (Func<Task<RawHttp.Reply>>)(() => RawHttp.SendAsync(Server, "GET", Encoding.ASCII.GetBytes($"{PathOf(route.Path)}?{query}"), []))));
    }

    [Fact]
    public async Task In_a_header()
    {
        (string Method, string Path, string? Body)[] routes =
        [
            ("GET", "/api/v1/models/hostile", null), ("GET", "/api/v1/models/hostile/download", null), ("GET", "/api/v1/jobs/0000000000000000/logs", null),
            ("POST", "/api/v1/models/hostile", """{"owner":"x"}"""), ("POST", "/api/v1/models/hostile/prediction", """{"values":[[1,2,3,4]]}"""),
            ("POST", "/api/v1/train/hostile", """{"script":"x","dataset":"uploads/none.csv"}"""), ("POST", "/api/v1/schedules/0000000000000000/run", null), ("GET", "/nowhere", null),
        ];
        await larder.Client.UploadAsync("hostile", OnnxModel.Linear());

        await AllAsync(
            from route in routes
            from header in Headers
            from text in Texts
            select ($"{route.Method} {route.Path}: {text.Name} in {header}", (Func<Task<RawHttp.Reply>>)(() => RawHttp.SendAsync(
                Server, route.Method, Encoding.ASCII.GetBytes(route.Path), [(header, text.Bytes)], route.Body is null ? null : Encoding.UTF8.GetBytes(route.Body)))));
    }

    [Fact]
    public async Task In_json()
    {
        await larder.Client.UploadAsync("hostile", OnnxModel.Linear());
        var schedule = await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/schedules", JsonRoutes.First(route => route.Path == "/api/v1/schedules").Minimal);
        var upload = await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/hostile/uploads", "{}");
        Assert.True(schedule.Status == HttpStatusCode.Created && upload.Status == HttpStatusCode.Created, $"{schedule.Body} {upload.Body}");
        var ids = new Dictionary<string, string>
        {
            ["schedule"] = (string)schedule.Body["schedule"]!["id"]!, ["upload"] = (string)upload.Body["upload"]!["id"]!, ["model"] = "hostile", ["reference"] = "hostile", ["alias"] = "champion", ["label"] = "default", ["experiment"] = "7", ["method"] = "predict",
        };

        await AllAsync(
            from route in JsonRoutes
            let path = Encoding.ASCII.GetBytes(PathOf(route.Path, ids))
            from place in TextsIn([.. route.Bodies()])
            let body = place.Place
            let text = place.Text
            // Where a text stands in the place of a value, and not in a list or as a name, is enough for the long one.
            where text.Bytes.Length < 1000 || body.IsPlain
            from bytes in body.With(text.Bytes, text.Json)
            select ($"{route.Method} {route.Path}: {text.Name} as {body.What}", (Func<Task<RawHttp.Reply>>)(() => RawHttp.SendAsync(
                Server, route.Method, path, [("Content-Type", "application/json"u8.ToArray())], bytes))));

        // What was taken can be shown.
        foreach (var path in new[] { "/api/v1/models?detail=true", "/api/v1/models/hostile", "/api/v1/schedules", "/api/v1/jobs", "/api/v1/audit" })
            Assert.Equal(200, (int)(await larder.Client.GetJsonAsync(path)).Status);
    }

    [Fact]
    public async Task In_a_form()
    {
        var places = new List<(string Method, string Path, string Field)>();
        foreach (var (method, path) in Forms)
        {
            // Which fields there are says the refusal of another one.
            var reply = await SendFormAsync(method, path, "form-data; name=unknown"u8.ToArray(), "x"u8.ToArray());
            var sentence = (string?)reply.Json?["http_status"]?["description"] ?? "";
            places.AddRange(sentence.Split(" takes ")[^1].TrimEnd('.').Split(", ").Where(name => FieldName().IsMatch(name)).Select(field => (method, path, field)));
        }
        Assert.True(places.Count > 10, string.Join(", ", places));

        static byte[] Bytes(params object[] parts) => [.. parts.SelectMany(part => part as byte[] ?? Encoding.ASCII.GetBytes((string)part))];
        await AllAsync(
            from place in places
            from text in Texts
            from part in ((string What, byte[] Disposition, byte[] Content, byte[]? Type)[])
            [
                ("the text of", Bytes($"form-data; name={place.Field}"), text.Bytes, null),
                ("the file of", Bytes($"form-data; name={place.Field}; filename=\"a\""), text.Bytes, null),
                ("the file name of", Bytes($"form-data; name={place.Field}; filename=\"", text.Bytes, "\""), "x"u8.ToArray(), null),
                ("the encoded file name of", Bytes($"form-data; name={place.Field}; filename*=UTF-8''{Percent(text.Bytes)}"), "x"u8.ToArray(), null),
                ("the type of", Bytes($"form-data; name={place.Field}"), "x"u8.ToArray(), text.Bytes),
                ("a name beside", Bytes("form-data; name=\"", text.Bytes, "\""), "x"u8.ToArray(), null),
            ]
            select ($"{place.Method} {place.Path}: {text.Name} as {part.What} {place.Field}", (Func<Task<RawHttp.Reply>>)(() => SendFormAsync(place.Method, place.Path, part.Disposition, part.Content, part.Type))));
    }

    private Task<RawHttp.Reply> SendFormAsync(string method, string path, byte[] disposition, byte[] content, byte[]? type = null)
    {
        byte[] typeLine = type is null ? [] : [.. "\r\nContent-Type: "u8, .. type];
        byte[] body = [.. "--b\r\nContent-Disposition: "u8, .. disposition, .. typeLine, .. "\r\n\r\n"u8, .. content, .. "\r\n--b--\r\n"u8];
        return RawHttp.SendAsync(Server, method, Encoding.ASCII.GetBytes(PathOf(path)), [("Content-Type", "multipart/form-data; boundary=b"u8.ToArray())], body);
    }

    // Each text in each of a route's places, or in every fifth.
    private static IEnumerable<(T Place, (string Name, byte[] Bytes, string? Json) Text)> TextsIn<T>(IReadOnlyList<T> places) =>
        from place in places.Index()
        from text in Texts.Index()
        where (place.Index + text.Index) % Math.Min(EveryNth, places.Count) == 0
        select (place.Item, text.Item);

    private async Task AllAsync(IEnumerable<(string What, Func<Task<RawHttp.Reply>> Send)> requests)
    {
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (request, _) =>
        {
            var reply = await request.Send();
            Interlocked.Increment(ref _sent);
            if (Problem(reply) is { } problem)
                _wrong.Add($"{request.What}: {problem}");
        });

        output.WriteLine($"{_sent} requests, {_wrong.Count} wrong");
        Assert.True(_wrong.IsEmpty, $"{_wrong.Count} of {_sent}:\n{string.Join('\n', _wrong.Order().Take(40))}");
        Assert.True(_sent > 100);
        Assert.Equal(200, (await RawHttp.SendAsync(Server, "GET", "/readyz"u8.ToArray(), [])).Status);
    }

    private static string? Problem(RawHttp.Reply reply)
    {
        // 501 is a protocol's word for what this server does not have.
        if (reply.Status is >= 500 and not 501)
            return $"{reply.Status} {Encoding.UTF8.GetString(reply.Body)}";
        if (reply.Head.Contains("\nX-Injected", StringComparison.OrdinalIgnoreCase))
            return "a header was injected";
        if (reply.Status < 400)
            return null;
        // MLflow's scoring server refuses media types in plain text, and answers its probes with a line end.
        if (reply.Head.Contains("\nContent-Type: text/plain", StringComparison.OrdinalIgnoreCase) ? reply.Status == 415 : reply.Body is [(byte)'\n'] && reply.Status == 404)
            return null;
        return (int?)(reply.Json as JsonObject)?["http_status"]?["code"] == reply.Status || ((reply.Json as JsonObject)?["error"] ?? (reply.Json as JsonObject)?["message"]) is JsonValue ? null : $"{reply.Status} with the body '{Encoding.UTF8.GetString(reply.Body)}'";
    }

    private static string Percent(byte[] bytes) => string.Concat(bytes.Select(one => char.IsAsciiLetterOrDigit((char)one) ? $"{(char)one}" : $"%{one:x2}"));

    // What there is not, unless said otherwise: nothing is to be changed by a path or a query.
    private static string PathOf(string template, Dictionary<string, string>? ids = null) => Parameter().Replace(template, match =>
        ids?.GetValueOrDefault(match.Groups["name"].Value) ?? match.Groups["name"].Value switch
        {
            "reference" => "walk:1",
            "upload" or "schedule" or "job" => "0000000000000000",
            _ => "walk",
        });

    private static string[] Members(Type record) =>
        [.. record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name))];

    private static string[] Members(JsonElement schema) => [.. schema.GetProperty("properties").EnumerateObject().Select(property => property.Name)];

    [GeneratedRegex(@"\{\*?(?<name>\w+)\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^[a-z_]+\z")]
    private static partial Regex FieldName();

    /// <summary>A route that takes JSON: a body, and the members of the objects in it, each by the place of that object.</summary>
    private sealed record JsonRoute(string Method, string Path, string Minimal, params (string At, string[] Members)[] Places)
    {
        private const string Mark = "@@";

        /// <summary>The body with a text in each place where one can be.</summary>
        public IEnumerable<JsonBody> Bodies()
        {
            foreach (var (at, members) in Places)
            {
                yield return new JsonBody($"a name in '{at}'", Template(at, Mark, JsonValue.Create("x")), IsPlain: false);
                foreach (var member in members)
                {
                    yield return new JsonBody($"{at}/{member}", Template(at, member, JsonValue.Create(Mark)), IsPlain: true);
                    yield return new JsonBody($"{at}/{member}/0", Template(at, member, new JsonArray(Mark)), IsPlain: false);
                    yield return new JsonBody($"{at}/{member}/a", Template(at, member, new JsonObject { ["a"] = Mark }), IsPlain: false);
                    yield return new JsonBody($"a name in {at}/{member}", Template(at, member, new JsonObject { [Mark] = "a" }), IsPlain: false);
                }
            }
        }

        private string Template(string at, string member, JsonNode? value)
        {
            var body = JsonNode.Parse(Minimal)!.AsObject();
            var place = body;
            foreach (var step in at.Split('.', StringSplitOptions.RemoveEmptyEntries))
                place = (place[step] ??= new JsonObject()).AsObject();
            place[member] = value;
            return body.ToJsonString();
        }

        /// <summary>A body with a mark where the text goes.</summary>
        internal sealed record JsonBody(string What, string Template, bool IsPlain)
        {
            /// <summary>With the bytes as they are, and with the escapes.</summary>
            public IEnumerable<byte[]> With(byte[] text, string? escaped)
            {
                var at = Encoding.UTF8.GetBytes(Template).AsSpan().IndexOf("@@"u8);
                var template = Encoding.UTF8.GetBytes(Template);
                yield return [.. template[..at], .. text, .. template[(at + 2)..]];
                if (escaped is not null)
                    yield return [.. template[..at], .. Encoding.ASCII.GetBytes(escaped), .. template[(at + 2)..]];
            }
        }
    }
}
