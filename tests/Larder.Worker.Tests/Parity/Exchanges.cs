using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;

namespace Larder.Worker.Tests.Parity;

/// <summary>Requests to both hosts, in this order: those of docs/tour.md, then requests that the tour does not have.</summary>
internal static class Exchanges
{
    private const string Flower = """{"values": [5.1, 3.5, 1.4, 0.2]}""";
    private const string Models = "/api/v1/models";

    /// <summary>Bytes of a body that the Functions host takes, and of one that it does not.</summary>
    private const int Large = 40 << 20, TooLarge = 110 << 20;

    /// <summary>Sent by a caller who may do everything.</summary>
    public static IReadOnlyList<Exchange> All { get; } =
    [
        // The tour.
        new("upload", "PUT", $"{Models}/iris", 201) { Body = () => Form(("path", "iris/iris.onnx"), ("model_description", "=Species of iris flowers")) },
        new("predict", "POST", $"{Models}/iris/prediction", 200) { Body = () => Urlencoded(Flower) },
        new("predict several", "POST", $"{Models}/iris/prediction", 200) { Body = () => Urlencoded("""{"values": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.1, 4.7, 1.5], [7.7, 2.6, 6.9, 2.3]]}""") },
        new("wrong input", "POST", $"{Models}/iris/prediction", 422) { Body = () => Urlencoded("""{"values": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.1]]}""") },
        new("upload digits", "PUT", $"{Models}/digits", 201) { Body = () => Form(("path", "digits/digits.onnx")) },
        new("picture in a form", "POST", $"{Models}/digits/prediction", 200) { Body = () => Form(("path", "digits/files/7.jpg")) },
        new("picture as the body", "POST", $"{Models}/digits/prediction", 200) { Body = () => Raw(Api.Sample("digits/files/2.png"), "image/png") },
        new("second upload", "PUT", $"{Models}/iris", 201) { Body = () => Form(("path", "iris/iris.onnx")) },
        new("alias", "PUT", $"{Models}/iris/aliases/champion", 200) { Body = () => Urlencoded("""{"version": 1}""") },
        new("predict by alias", "POST", $"{Models}/iris:champion/prediction", 200) { Body = () => Urlencoded(Flower) },
        new("default", "POST", $"{Models}/iris/default", 200) { Body = () => Urlencoded("""{"default": 1}""") },
        new("default back", "POST", $"{Models}/iris/default", 200) { Body = () => Urlencoded("""{"default": 2}""") },
        new("delete what an alias names", "DELETE", $"{Models}/iris:1", 409),
        new("train", "POST", "/api/v1/train/iris", 202)
        {
            Body = () => Form(
                ("script", "iris/train.py"), ("dataset", "iris/iris.csv"), ("options", """={"alias": "champion", "gate": {"metric": "accuracy", "threshold": 0.9}, "compile": {}}""")),
            ToItsEnd = true,
        },
        new("log as a stream", "GET", "/api/v1/jobs/{train}/logs", 200) { Headers = [("Accept", "text/event-stream")] },
        new("trained", "GET", "/api/v1/jobs/{train}", 200),
        new("predict with the trained model", "POST", $"{Models}/iris:champion/prediction", 200) { Body = () => Urlencoded(Flower) },
        new("unknown option", "POST", "/api/v1/train/iris", 422) { Body = () => Form(("script", "iris/train.py"), ("dataset", "iris/iris.csv"), ("options", """={"alais": "champion"}""")) },
        new("help", "GET", "/help", 200),
        new("metrics", "GET", "/metrics", 200) { Compared = Compared.Headers },
        new("alive", "GET", "/healthz", 200),
        new("ready", "GET", "/readyz", 200),
        new("greeting", "GET", "/", 200),
        new("OpenAPI document", "GET", "/openapi.json", 200),
        new("card", "GET", "/api/v1/models/iris/card", 200),
        // Its text has the times of the model.
        new("card in Markdown", "GET", "/api/v1/models/iris:1/card", 200) { Headers = [("Accept", "text/markdown")], Compared = Compared.Headers },
        // Scores change with the time.
        new("search", "GET", "/api/v1/search?q=iris&kind=model", 200) { Compared = Compared.Headers },
        new("search of no kind", "GET", "/api/v1/search?kind=planet", 422),
        new("rate a model", "PUT", $"{Models}/iris/rating", 200) { Body = () => Json("""{"stars": 4}""") },
        new("a rating out of range", "PUT", $"{Models}/iris/rating", 422) { Body = () => Json("""{"stars": 6}""") },
        new("ratings", "GET", $"{Models}/iris/rating", 200),
        new("take a rating back", "DELETE", $"{Models}/iris/rating", 200),
        new("lineage", "GET", "/api/v1/lineage/version/iris:1", 200),
        new("lineage of an invalid id", "GET", "/api/v1/lineage/file/x", 422),
        new("OpenAPI document of a model", "GET", "/api/v1/models/iris/openapi.json", 200),
        new("reference page", "GET", "/reference", 200),
        new("script of that page", "GET", "/reference/scalar.js", 200) { Headers = [("Accept-Encoding", "gzip")] },
        new("front page of a browser", "GET", "/", 303) { Headers = [("Accept", "text/html,application/xhtml+xml")] },
        // The pages have a token of their own for each browser.
        new("page of models", "GET", "/ui/models", 200) { Compared = Compared.Headers },
        new("page of a model", "GET", "/ui/models/iris", 200) { Compared = Compared.Headers },
        new("page of lineage", "GET", "/ui/lineage/model/iris", 200) { Compared = Compared.Headers },
        new("page of the search", "GET", "/ui/search?q=iris&kind=model", 200) { Compared = Compared.Headers },
        new("page of a search with a wrong filter", "GET", "/ui/search?filter=kind%20LIKE", 422) { Compared = Compared.Headers },
        new("page to try a model", "GET", "/ui/models/iris/try", 200) { Compared = Compared.Headers },
        new("page of jobs", "GET", "/ui/jobs", 200) { Compared = Compared.Headers },
        new("page to score", "GET", "/ui/submit/score?model=iris", 200) { Compared = Compared.Headers },
        new("page of no type of job", "GET", "/ui/submit/nothing", 404) { Compared = Compared.Headers },
        new("page of the server", "GET", "/ui/operations", 200) { Compared = Compared.Headers },
        new("page that is not there", "GET", "/ui/nothing", 404) { Compared = Compared.Headers },
        new("form without its token", "POST", "/ui/models/iris/aliases", 403) { Body = () => Urlencoded("alias=champion&version=1"), Compared = Compared.Headers },
        new("version", "GET", "/version", 200),
        // The member host differs: it says which host it is.
        new("version details", "GET", "/api/v1/version", 200) { Compared = Compared.Headers },

        // The Open Inference Protocol.
        new("v2 server", "GET", "/v2", 200),
        new("v2 ready", "GET", "/v2/health/ready", 200),
        new("v2 model", "GET", "/v2/models/iris/versions/1", 200),
        new("v2 statistics", "GET", "/v2/models/iris/versions/1/stats", 200) { Compared = Compared.Headers },
        new("v2 log settings", "GET", "/v2/logging", 501),
        new("v2 infer", "POST", "/v2/models/iris/infer", 200) { Body = () => Json("""{"id": "a", "inputs": [{"name": "float_input", "shape": [1, 4], "datatype": "FP32", "data": [5.1, 3.5, 1.4, 0.2]}]}""") },
        new("v2 infer with bytes", "POST", "/v2/models/iris/infer", 200) { Body = () => Raw(new byte[16], "application/octet-stream"), Headers = [("Inference-Header-Content-Length", "0")] },
        new("v2 infer what does not fit", "POST", "/v2/models/iris/infer", 400) { Body = () => Json("""{"inputs": []}""") },
        new("v2 no such model", "GET", "/v2/models/none", 404),

        // TensorFlow Serving and KServe V1.
        new("v1 models", "GET", "/v1/models", 200),
        new("v1 status", "GET", "/v1/models/iris", 200),
        new("v1 metadata", "GET", "/v1/models/iris/versions/1/metadata", 200),
        new("v1 predict", "POST", "/v1/models/iris:predict", 200) { Body = () => Json("""{"instances": [[5.1, 3.5, 1.4, 0.2]]}""") },
        new("v1 predict in other letters", "POST", "/V1/Models/iris/Labels/default:Predict", 200) { Body = () => Json("""{"inputs": [[5.1, 3.5, 1.4, 0.2]]}""") },
        new("v1 classify", "POST", "/v1/models/iris/versions/1:classify", 200) { Body = () => Json("""{"examples": [{"float_input": [5.1, 3.5, 1.4, 0.2]}]}""") },
        new("v1 predict what does not fit", "POST", "/v1/models/iris:predict", 400) { Body = () => Json("""{"instances": []}""") },
        new("v1 name with a version", "POST", "/v1/models/iris:1:predict", 400) { Body = () => Json("""{"instances": [[5.1, 3.5, 1.4, 0.2]]}""") },
        new("v1 no such method", "POST", "/v1/models/iris:other", 404) { Body = () => Json("{}") },
        new("v1 explain", "POST", "/v1/models/iris:explain", 501) { Body = () => Json("{}") },
        new("v1 no such model", "POST", "/v1/models/none:predict", 404) { Body = () => Json("{}") },
        new("v1 wrong method", "GET", "/v1/models/iris:predict", 400),
        // MLflow scoring and Azure ML.
        new("mlflow frame", "POST", $"{Models}/iris/invocations", 200) { Body = () => Json("""{"dataframe_split": {"columns": ["sepal_length", "sepal_width", "petal_length", "petal_width"], "data": [[5.1, 3.5, 1.4, 0.2]]}}""") },
        new("mlflow csv", "POST", $"{Models}/iris/invocations", 200) { Body = () => Raw("sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n"u8.ToArray(), "text/csv") },
        new("mlflow what does not fit", "POST", $"{Models}/iris/invocations", 400) { Body = () => Json("{}") },
        new("mlflow another media type", "POST", $"{Models}/iris/invocations", 415) { Body = () => Raw([1], "image/png") },
        new("mlflow without a configured model", "POST", "/invocations", 404) { Body = () => Json("{}") },
        new("mlflow probe", "GET", "/ping", 404),
        new("mlflow health", "GET", "/health", 404),
        new("mlflow artifact of no run", "GET", "/api/2.0/mlflow-artifacts/artifacts/a%20b/50%25/%23%3f%C3%BC", 404),
        new("mlflow artifact with a hidden slash", "PUT", "/api/2.0/mlflow-artifacts/artifacts/a%2fb", 400) { Body = () => Raw([1], "application/octet-stream") },
        new("mlflow artifact with a slash that is hidden twice", "DELETE", "/api/2.0/mlflow-artifacts/artifacts/a%252fb", 400),
        new("mlflow artifacts in a folder of no run", "GET", "/api/2.0/mlflow-artifacts/artifacts?path=a%20b", 404),
        new("mlflow registered model that is not there", "GET", "/api/2.0/mlflow/registered-models/get?name=none", 404),
        new("mlflow logged model that is not there", "GET", "/api/2.0/mlflow/logged-models/m-x", 404),
        new("mlflow search of logged models", "POST", "/api/2.0/mlflow/logged-models/search", 200) { Body = () => Json("""{"experiment_ids": ["7"]}""") },
        new("mlflow end of no logged model", "PATCH", "/api/2.0/mlflow/logged-models/m-x", 404) { Body = () => Json("""{"status": "LOGGED_MODEL_READY"}""") },
        new("mlflow tag of no logged model", "DELETE", "/api/2.0/mlflow/logged-models/m-x/tags/a%2Fb", 404),
        new("mlflow sampled history of no run", "GET", "/api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=0123456789abcdef0123456789abcdef&metric_key=a", 404),
        // Its times are numbers.
        new("mlflow experiment, as its pages ask", "GET", "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0", 200) { Compared = Compared.Headers },
        new("mlflow run of no experiment, as its pages ask", "POST", "/ajax-api/2.0/mlflow/runs/create", 404) { Body = () => Json("""{"experiment_id": "7"}""") },
        new("mlflow artifact of no run, as its pages ask", "GET", "/ajax-api/2.0/mlflow-artifacts/artifacts/a%20b/50%25", 404),
        new("mlflow route that is not there, as its pages ask", "GET", "/ajax-api/2.0/mlflow/runs/nowhere", 404),
        new("mlflow file of no version", "GET", "/model-versions/get-artifact?name=none&version=1&path=MLmodel", 404),
        new("mlflow file of no logged model", "GET", "/ajax-api/2.0/mlflow/logged-models/m-x/artifacts/files?artifact_file_path=MLmodel", 404),
        new("mlflow webhooks", "GET", "/api/2.0/mlflow/webhooks?max_results=1", 200),
        new("mlflow webhook without a URL", "POST", "/api/2.0/mlflow/webhooks", 400) { Body = () => Json("""{"name": "hook"}""") },
        new("mlflow webhook that is not there", "GET", "/api/2.0/mlflow/webhooks/0b8f3c62-6f0e-4d3b-8a3c-0d8f5a2f6c11", 404),
        new("mlflow change of no webhook", "PATCH", "/api/2.0/mlflow/webhooks/0b8f3c62-6f0e-4d3b-8a3c-0d8f5a2f6c11", 404) { Body = () => Json("""{"name": "hook"}""") },
        new("mlflow deletion of no webhook", "DELETE", "/api/2.0/mlflow/webhooks/0b8f3c62-6f0e-4d3b-8a3c-0d8f5a2f6c11", 404),
        new("mlflow test of no webhook", "POST", "/api/2.0/mlflow/webhooks/0b8f3c62-6f0e-4d3b-8a3c-0d8f5a2f6c11/test", 404) { Body = () => Json("{}") },
        new("deliveries of no webhook", "GET", "/api/v1/webhooks/0b8f3c62-6f0e-4d3b-8a3c-0d8f5a2f6c11/deliveries", 404),
        new("redelivery to no webhook", "POST", "/api/v1/webhooks/0b8f3c62-6f0e-4d3b-8a3c-0d8f5a2f6c11/deliveries/0b8f3c62-6f0e-4d3b-8a3c-0d8f5a2f6c11/redeliver", 404),
        new("mlflow versions of no model", "GET", "/api/2.0/mlflow/model-versions/search?filter=name%3D%27none%27", 200),
        new("mlflow deletion with a body", "DELETE", "/api/2.0/mlflow/registered-models/delete", 404) { Body = () => Json("""{"name": "none"}""") },
        new("mlflow deletion with a query", "DELETE", "/api/2.0/mlflow/registered-models/delete?name=none", 404),
        new("mlflow change of no model", "PATCH", "/api/2.0/mlflow/registered-models/update", 404) { Body = () => Json("""{"name": "none", "description": "x"}""") },
        new("azure ml without a configured model", "POST", "/score", 404) { Body = () => Json("{}") },
        new("azure ml methods", "OPTIONS", "/score", 200),
        new("azure ml document", "GET", "/swagger.json", 404),
        new("predict with CSV", "POST", $"{Models}/iris/prediction", 200) { Body = () => Raw("sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n"u8.ToArray(), "text/csv") },

        // Models.
        new("list", "GET", Models, 200),
        new("list with details", "GET", $"{Models}?detail=true&limit=1", 200),
        new("information on all", "GET", $"{Models}/information", 200),
        new("information", "GET", $"{Models}/iris/information", 200),
        new("a model", "GET", $"{Models}/iris", 200),
        new("a version", "GET", $"{Models}/iris:1", 200),
        new("no such model", "GET", $"{Models}/none", 404),
        new("predict with no such model", "POST", $"{Models}/none/prediction", 404) { Body = () => Json(Flower) },
        new("picture that is not read", "POST", $"{Models}/digits/prediction", 422) { Body = () => Raw([66, 77, 3, 4], "image/bmp") },
        new("predict without a body", "POST", $"{Models}/iris/prediction", 422),
        new("predict with GET", "GET", $"{Models}/iris/prediction", 200) { Body = () => Json(Flower) },
        new("predict with broken JSON", "POST", $"{Models}/iris/prediction", 422) { Body = () => Json("""{"values": [5.1, """) },
        new("upload of another file", "PUT", $"{Models}/broken", 415) { Body = () => Form(("path", "iris/iris.csv")) },
        new("upload of what is no model", "PUT", $"{Models}/broken", 422) { Body = () => Raw([1, 2, 3, 4], "application/octet-stream") },
        new("upload as the body", "PUT", $"{Models}/raw?source=test", 201) { Body = () => Raw(Api.Sample("iris/iris.onnx"), "application/octet-stream") },
        new("name that is none", "PUT", $"{Models}/-x", 422) { Body = () => Raw(Api.Sample("iris/iris.onnx"), "application/octet-stream") },
        new("edit", "POST", $"{Models}/raw", 200) { Body = () => Json("""{"model_description": "Described", "tags": {"a": "b"}}""") },
        new("edit by one who was slower", "POST", $"{Models}/raw", 412) { Body = () => Json("""{"owner": "x"}"""), Headers = [("If-Match", "\"0\"")] },
        new("download", "GET", $"{Models}/iris:1/download", 200),
        new("download of a range", "GET", $"{Models}/iris:1/download", 206) { Headers = [("Range", "bytes=10-19")] },
        new("download of what one has", "GET", $"{Models}/iris:1/download", 304)
        {
            Headers = [("If-None-Match", "\"5dddceff3b6fa696f8ef10529432a8961aafbc53e175441807393d64e0f5835a\"")],
        },
        new("delete an alias", "DELETE", $"{Models}/iris/aliases/champion", 200),
        new("delete a version", "DELETE", $"{Models}/iris:1", 200),
        new("delete a model", "DELETE", $"{Models}/raw", 200),

        // Jobs.
        new("jobs", "GET", "/api/v1/jobs", 200),
        new("jobs in CSV", "GET", "/api/v1/jobs/export?state=failed", 200) { Compared = Compared.Headers },
        new("jobs in JSON", "GET", "/api/v1/jobs/export?state=failed&format=json", 200) { Compared = Compared.Headers },
        new("jobs in another format", "GET", "/api/v1/jobs/export?format=xlsx", 422),
        new("job types", "GET", "/api/v1/job-types", 200),
        new("no such job", "GET", "/api/v1/jobs/0000000000000000", 404),
        new("log in pages", "GET", "/api/v1/jobs/{train}/logs?limit=2", 200),
        new("outputs", "GET", "/api/v1/jobs/{train}/outputs", 200),
        new("an output", "GET", "/api/v1/jobs/{train}/outputs/metrics.json", 200),
        new("cancel a job that is over", "POST", "/api/v1/jobs/{train}/cancel", 409),
        new("score", "POST", $"{Models}/iris/scoring", 202) { Body = () => Form(("dataset", "iris/iris.csv")), ToItsEnd = true },
        new("scored", "GET", "/api/v1/jobs/{score}", 200),
        new("compare without a reference", "POST", $"{Models}/iris/drift", 422) { Body = () => Form(("dataset", "iris/iris.csv")) },
        new("delete a job", "DELETE", "/api/v1/jobs/{score}", 200),
        new("export", "POST", "/api/v1/admin/export", 202) { Body = () => Json("{}"), ToItsEnd = true },
        new("exported", "GET", "/api/v1/jobs/{export}", 200) { Compared = Compared.Headers },
        new("audit", "GET", "/api/v1/audit?subject=model:digits", 200),

        // Uploads in blocks, data sets, schedules.
        new("data sets", "GET", "/api/v1/datasets", 200),
        new("begin an upload", "POST", $"{Models}/big/uploads", 201) { Body = () => Json("""{"kind": "model"}"""), Compared = Compared.Headers },
        new("schedule", "POST", "/api/v1/schedules", 201)
        {
            Body = () => Json("""{"name": "nightly", "cron": "0 3 * * *", "time_zone": "UTC", "job": {"type": "train", "model": "iris", "inputs": {"version": "iris:3"}}}"""), Compared = Compared.Headers,
        },
        new("schedules", "GET", "/api/v1/schedules", 200) { Compared = Compared.Headers },

        // What a caller may do wrong.
        new("echo", "POST", "/api/test/sendtomodelhost", 200) { Body = () => Json("""{"data": [1, 2]}""") },
        new("unknown path", "GET", "/api/v1/nothing", 404),
        new("unknown path with POST", "POST", "/nothing/at/all", 404) { Body = () => Json("{}") },
        new("wrong method", "DELETE", Models, 405),
        new("HEAD", "HEAD", Models, 200),
        new("compressed body", "POST", "/api/test/sendtomodelhost", 200) { Body = () => Gzip("""{"data": [1, 2]}""") },
        new("compressed answer", "GET", "/help", 200) { Headers = [("Accept-Encoding", "gzip")], Compared = Compared.Headers },
        new("what one has", "GET", "/api/v1/job-types", 304) { Headers = [("If-None-Match", "*")] },
        new("preflight of another site", "OPTIONS", Models, 405) { Headers = [("Origin", "https://example.com"), ("Access-Control-Request-Method", "GET")] },
        new("path in capitals", "GET", "/API/v1/MODELS", 200),
        new("slash at the end", "GET", $"{Models}/", 200),
        new("page of another site", "POST", "/api/test/sendtomodelhost", 403) { Body = () => Json("""{"data": [1]}"""), Headers = [("Origin", "https://example.com")] },
        new("large body", "PUT", $"{Models}/large", 422) { Body = () => Raw(new byte[Large], "application/octet-stream") },
        new("too large a body", "PUT", $"{Models}/large", 500) { Body = () => Raw(new byte[TooLarge], "application/octet-stream"), Headers = [("Expect", "100-continue")] },
        new("two slashes", "GET", $"/{Models}", 404),
        new("interface of the host", "GET", "/admin/host/status", 403),
        new("webhook of the host", "POST", "/runtime/webhooks/blobs", 403) { Body = () => Json("{}") },
    ];

    /// <summary>Sent by callers with keys and sign-ins, to an app that gives roles.</summary>
    public static IReadOnlyList<Exchange> OfRoles { get; } =
    [
        new("no key", "GET", Models, 401),
        new("wrong key", "GET", Models, 401) { Headers = [("x-functions-key", "wrong")] },
        new("no key for a probe", "GET", "/healthz", 200),
        new("no key for the greeting", "GET", "/", 200),
        new("key that is not in the settings", "GET", Models, 401) { Headers = [Roles.Key("unlisted")] },
        new("reader reads", "GET", Models, 200) { Headers = [Roles.Key("reader")] },
        new("reader reads by Bearer", "GET", Models, 200) { Headers = [("Authorization", $"Bearer {Roles.Key("reader").Value}")] },
        new("reader reads by Basic", "GET", Models, 200) { Headers = [("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{Roles.Key("reader").Value}"))}")] },
        new("a scheme that is not taken", "GET", Models, 401) { Headers = [("Authorization", "Digest username=x")] },
        new("reader reads by code", "GET", $"{Models}?code={Roles.Key("reader").Value}", 200),
        new("reader predicts", "POST", $"{Models}/iris/prediction", 403) { Headers = [Roles.Key("reader")], Body = () => Json(Flower) },
        new("predictor uploads", "PUT", $"{Models}/iris", 403) { Headers = [Roles.Key("predictor")], Body = () => Form(("path", "iris/iris.onnx")) },
        new("contributor uploads", "PUT", $"{Models}/iris", 201) { Headers = [Roles.Key("contributor")], Body = () => Form(("path", "iris/iris.onnx")) },
        new("predictor predicts", "POST", $"{Models}/iris/prediction", 200) { Headers = [Roles.Key("predictor")], Body = () => Json(Flower) },
        new("contributor deletes a model", "DELETE", $"{Models}/iris", 403) { Headers = [Roles.Key("contributor")] },
        new("contributor asks who did what", "GET", "/api/v1/audit", 403) { Headers = [Roles.Key("contributor")] },
        new("signed-in writer behind a shared key", "PUT", $"{Models}/signed", 201)
        {
            Headers = [Roles.Key("unlisted"), Roles.SignIn("Larder.Write", "1")], Body = () => Form(("path", "iris/iris.onnx")),
        },
        new("signed-in reader with a better key", "PUT", $"{Models}/signed", 403)
        {
            Headers = [Roles.Key("admin"), Roles.SignIn("reader", "2")], Body = () => Form(("path", "iris/iris.onnx")),
        },
        new("sign-in that cannot be read", "GET", Models, 401) { Headers = [Roles.Key("admin"), (Roles.SignInHeader, "forged")] },
        new("audit of the admin", "GET", "/api/v1/audit?subject=model:signed", 200) { Headers = [Roles.Key("admin")] },
        new("admin deletes a model", "DELETE", $"{Models}/signed", 200) { Headers = [Roles.Key("admin")] },
    ];

    private static StringContent Json(string json) => Api.Json(json);

    // What curl -d says that its body is.
    private static StringContent Urlencoded(string text) => new(text, new MediaTypeHeaderValue("application/x-www-form-urlencoded"));

    private static ByteArrayContent Raw(byte[] bytes, string type) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };

    private static ByteArrayContent Gzip(string json)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            stream.Write(Encoding.UTF8.GetBytes(json));
        return new ByteArrayContent(packed.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json"), ContentEncoding = { "gzip" } } };
    }

    // As curl -F: a file of samples/, or a value after an equals sign.
    private static MultipartFormDataContent Form(params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
        {
            if (value[0] == '=')
                form.Add(new StringContent(value[1..]), name);
            else
                form.Add(new ByteArrayContent(Api.Sample(value)), name, Path.GetFileName(value));
        }

        return form;
    }
}
