using System.Reflection;
using Larder.Functions.Access;
using Larder.Functions.Hosting;
using Larder.Functions.Http;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Larder.Functions.Tests.Access;

/// <summary>Nothing is open by oversight.</summary>
public sealed class FunctionAccessTests
{
    // Written out, so that a change is seen.
    private const string Expected = """
        GET / none
        GET /api/test reader
        GET /api/v1/models/{reference}/card reader
        GET /api/v1/lineage/{kind}/{*id} reader
        GET /api/v1/search reader
        POST /api/test/sendtomodelhost reader
        GET /api/v1/experiments/{experiment}/champion reader
        POST /api/v1/experiments/{experiment}/champion contributor
        GET /api/v1/experiments/{experiment}/compare reader
        POST /api/v1/admin/export admin
        POST /api/v1/admin/import admin
        POST /api/2.0/mlflow/registered-models/create contributor
        GET /api/2.0/mlflow/registered-models/get reader
        GET /api/2.0/mlflow/registered-models/search reader
        PATCH /api/2.0/mlflow/registered-models/update contributor
        POST /api/2.0/mlflow/registered-models/rename contributor
        DELETE /api/2.0/mlflow/registered-models/delete admin
        GET /api/2.0/mlflow/registered-models/get-latest-versions reader
        POST /api/2.0/mlflow/registered-models/get-latest-versions reader
        POST /api/2.0/mlflow/registered-models/set-tag contributor
        DELETE /api/2.0/mlflow/registered-models/delete-tag contributor
        POST /api/2.0/mlflow/registered-models/alias contributor
        DELETE /api/2.0/mlflow/registered-models/alias contributor
        GET /api/2.0/mlflow/registered-models/alias reader
        GET /api/2.0/mlflow/model-versions/get reader
        GET /api/2.0/mlflow/model-versions/get-download-uri reader
        GET /api/2.0/mlflow/model-versions/search reader
        PATCH /api/2.0/mlflow/model-versions/update contributor
        DELETE /api/2.0/mlflow/model-versions/delete contributor
        POST /api/2.0/mlflow/model-versions/set-tag contributor
        DELETE /api/2.0/mlflow/model-versions/delete-tag contributor
        POST /api/2.0/mlflow/model-versions/transition-stage contributor
        GET /api/2.0/mlflow-artifacts/artifacts reader
        GET /api/2.0/mlflow-artifacts/artifacts/{*path} reader
        PUT /api/2.0/mlflow-artifacts/artifacts/{*path} contributor
        DELETE /api/2.0/mlflow-artifacts/artifacts/{*path} contributor
        POST /api/2.0/mlflow-artifacts/mpu/abort/{*path} contributor
        POST /api/2.0/mlflow-artifacts/mpu/complete/{*path} contributor
        POST /api/2.0/mlflow-artifacts/mpu/create/{*path} contributor
        GET /api/2.0/mlflow/artifacts/list reader
        GET /get-artifact reader
        GET /model-versions/get-artifact reader
        POST /api/2.0/mlflow/model-versions/create contributor
        POST /api/2.0/mlflow/experiments/create contributor
        POST /api/2.0/mlflow/experiments/delete-experiment-tag contributor
        POST /api/2.0/mlflow/experiments/delete contributor
        GET /api/2.0/mlflow/experiments/get-by-name reader
        GET /api/2.0/mlflow/experiments/get reader
        POST /api/2.0/mlflow/experiments/purge admin
        POST /api/2.0/mlflow/experiments/restore contributor
        POST /api/2.0/mlflow/experiments/search-datasets reader
        GET /api/2.0/mlflow/experiments/search reader
        POST /api/2.0/mlflow/experiments/search reader
        POST /api/2.0/mlflow/experiments/set-experiment-tag contributor
        POST /api/2.0/mlflow/experiments/update contributor
        POST /api/2.0/mlflow/logged-models contributor
        GET /api/2.0/mlflow/logged-models/{modelId} reader
        PATCH /api/2.0/mlflow/logged-models/{modelId} contributor
        DELETE /api/2.0/mlflow/logged-models/{modelId} contributor
        GET /api/2.0/mlflow/logged-models/{modelId}/artifacts/directories reader
        GET /api/2.0/mlflow/logged-models/{modelId}/artifacts/files reader
        POST /api/2.0/mlflow/logged-models/{modelId}/params contributor
        PATCH /api/2.0/mlflow/logged-models/{modelId}/tags contributor
        DELETE /api/2.0/mlflow/logged-models/{modelId}/tags/{tagKey} contributor
        POST /api/2.0/mlflow/logged-models/search reader
        GET /api/2.0/mlflow/metrics/get-history-bulk reader
        GET /api/2.0/mlflow/metrics/get-history-bulk-interval reader
        GET /api/2.0/mlflow/metrics/get-history reader
        POST /api/2.0/mlflow/runs/create contributor
        POST /api/2.0/mlflow/runs/delete-tag contributor
        POST /api/2.0/mlflow/runs/delete contributor
        GET /api/2.0/mlflow/runs/get reader
        POST /api/2.0/mlflow/runs/log-batch contributor
        POST /api/2.0/mlflow/runs/log-inputs contributor
        POST /api/2.0/mlflow/runs/log-metric contributor
        POST /api/2.0/mlflow/runs/log-model contributor
        POST /api/2.0/mlflow/runs/log-parameter contributor
        POST /api/2.0/mlflow/runs/outputs contributor
        POST /api/2.0/mlflow/runs/purge admin
        POST /api/2.0/mlflow/runs/restore contributor
        POST /api/2.0/mlflow/runs/search reader
        POST /api/2.0/mlflow/runs/set-tag contributor
        POST /api/2.0/mlflow/runs/update contributor
        DELETE /api/2.0/mlflow/traces/{*path} reader
        GET /api/2.0/mlflow/traces/{*path} reader
        PATCH /api/2.0/mlflow/traces/{*path} reader
        POST /api/2.0/mlflow/traces/{*path} reader
        DELETE /api/3.0/mlflow/{*path} reader
        GET /api/3.0/mlflow/{*path} reader
        PATCH /api/3.0/mlflow/{*path} reader
        POST /api/3.0/mlflow/{*path} reader
        GET /api/2.0/mlflow/webhooks admin
        POST /api/2.0/mlflow/webhooks admin
        GET /api/2.0/mlflow/webhooks/{webhook} admin
        PATCH /api/2.0/mlflow/webhooks/{webhook} admin
        DELETE /api/2.0/mlflow/webhooks/{webhook} admin
        POST /api/2.0/mlflow/webhooks/{webhook}/test admin
        GET /api/v1/webhooks/{webhook}/deliveries admin
        POST /api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver admin
        GET /api/v1/admin/tokens admin
        POST /api/v1/admin/tokens admin
        DELETE /api/v1/admin/tokens/{token} admin
        GET /api/v1/audit admin
        GET /api/v1/datasets reader
        DELETE /api/v1/datasets/{model}/{file} contributor
        GET /api/v1/datasets/{model}/{file} reader
        GET /api/v1/datasets/{model}/{file}/download contributor
        GET /api/v1/job-types reader
        GET /api/v1/jobs reader
        DELETE /api/v1/jobs/{job} contributor
        GET /api/v1/jobs/export reader
        GET /api/v1/jobs/{job} reader
        POST /api/v1/jobs/{job}/cancel contributor
        GET /api/v1/jobs/{job}/inputs contributor
        GET /api/v1/jobs/{job}/inputs/{name} contributor
        GET /api/v1/jobs/{job}/logs reader
        GET /api/v1/jobs/{job}/outputs reader
        GET /api/v1/jobs/{job}/outputs/{*path} reader
        POST /api/v1/jobs/{job}/retry contributor
        GET /api/v1/models reader
        GET /api/v1/models/information reader
        PUT /api/v1/models/{model} contributor
        DELETE /api/v1/models/{model}/aliases/{alias} contributor
        PUT /api/v1/models/{model}/aliases/{alias} contributor
        POST /api/v1/models/{model}/default contributor
        GET /api/v1/models/{model}/rating reader
        PUT /api/v1/models/{model}/rating predictor
        DELETE /api/v1/models/{model}/rating predictor
        POST /api/v1/models/{model}/uploads contributor
        DELETE /api/v1/models/{model}/uploads/{upload} contributor
        GET /api/v1/models/{model}/uploads/{upload} contributor
        POST /api/v1/models/{model}/uploads/{upload}/complete contributor
        DELETE /api/v1/models/{reference} contributor
        POST /api/v1/models/{reference} contributor
        GET /api/v1/models/{reference} reader
        GET /api/v1/models/{reference}/download reader
        GET /api/v1/models/{reference}/files/{file} reader
        GET /api/v1/models/{reference}/information reader
        POST /api/v1/models/{reference}/invocations predictor
        GET /api/v1/models/{reference}/openapi.json reader
        POST /api/v1/models/{reference}/restore contributor
        DELETE /api/v1/models/{reference}/samples contributor
        GET /api/v1/models/{reference}/samples reader
        POST /api/v1/models/{reference}/samples contributor
        GET /api/v1/models/{reference}/prediction predictor
        POST /api/v1/models/{reference}/prediction predictor
        POST /api/v1/models/{reference}/scoring contributor
        POST /api/v1/models/{reference}/drift contributor
        GET /api/v1/schedules reader
        POST /api/v1/schedules contributor
        DELETE /api/v1/schedules/{schedule} contributor
        GET /api/v1/schedules/{schedule} reader
        PATCH /api/v1/schedules/{schedule} contributor
        POST /api/v1/schedules/{schedule} contributor
        PUT /api/v1/schedules/{schedule} contributor
        POST /api/v1/schedules/{schedule}/pause contributor
        POST /api/v1/schedules/{schedule}/resume contributor
        POST /api/v1/schedules/{schedule}/run contributor
        GET /api/v1/schedules/{schedule}/runs reader
        POST /api/v1/train/{model} contributor
        POST /api/v1/train/{model}/{file} contributor
        GET /api/v1/version reader
        GET /health none
        GET /healthz none
        GET /help none
        POST /invocations predictor
        GET /metrics reader
        POST /metrics reader
        GET /openapi.json none
        GET /ping none
        GET /readyz none
        GET /reference none
        GET /reference/{file} none
        GET /score predictor
        GET /swagger.json reader
        GET /v1/models reader
        GET /v1/models/{model} reader
        GET /v1/models/{model}/labels/{label} reader
        GET /v1/models/{model}/labels/{label}/metadata reader
        GET /v1/models/{model}/metadata reader
        GET /v1/models/{model}/versions/{version} reader
        GET /v1/models/{model}/versions/{version}/metadata reader
        OPTIONS /score predictor
        POST /score predictor
        POST /v1/models/{model}/labels/{label}:{method} predictor
        POST /v1/models/{model}/versions/{version}:{method} predictor
        POST /v1/models/{model}:{method} predictor
        GET /v2 reader
        GET /v2/health/live none
        GET /v2/health/ready none
        GET /v2/models reader
        GET /v2/models/{model} reader
        GET /v2/models/{model}/config reader
        POST /v2/models/{model}/infer predictor
        GET /v2/models/{model}/ready reader
        GET /v2/models/{model}/stats reader
        GET /v2/models/{model}/versions/{version}/stats reader
        GET /v2/models/stats reader
        GET /v2/cudasharedmemory/{*path} reader
        POST /v2/cudasharedmemory/{*path} reader
        GET /v2/logging reader
        POST /v2/logging reader
        GET /v2/models/{model}/trace/setting reader
        POST /v2/models/{model}/trace/setting reader
        GET /v2/systemsharedmemory/{*path} reader
        POST /v2/systemsharedmemory/{*path} reader
        GET /v2/trace/setting reader
        POST /v2/trace/setting reader
        GET /v2/models/{model}/versions/{version} reader
        GET /v2/models/{model}/versions/{version}/config reader
        POST /v2/models/{model}/versions/{version}/infer predictor
        GET /v2/models/{model}/versions/{version}/ready reader
        POST /v2/repository/index reader
        POST /v2/repository/models/{model}/load contributor
        POST /v2/repository/models/{model}/unload contributor
        GET /version none
        """;

    [Fact]
    public void Each_route_requires_the_role_that_is_written_down()
    {
        var declared = new RouteTable().Entries.SelectMany(route => route.Methods.Select(method => $"{method} {route.Path} {RoleNames.Of(route.Role)}"));

        Assert.Equal(Sorted(Expected.ReplaceLineEndings("\n").Split('\n')), Sorted(declared));
    }

    [Fact]
    public void Every_HTTP_function_is_known_and_only_the_greeting_the_documentation_the_version_the_probes_and_unknown_paths_are_open()
    {
        var access = RoleRequirements.OfThisApp();
        var functions = typeof(RouteTable).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.IsDefined(typeof(FunctionAttribute)) && FunctionMethods.TriggerOf(method) is not null)
            .Select(method => method.GetCustomAttribute<FunctionAttribute>()!.Name)
            .ToList();

        Assert.True(functions.Count > 40, $"{functions.Count}");
        Assert.Equal(["Greet", "Help", "Live", "LiveV2", "OpenApi", "Ping", "Ready", "ReadyV2", "Reference", "ReferenceScript", "ScoringHealth", "UiAsset", "UiSignIn", "UiSignInWithToken", "UiSignOut", "UiStart", "Version", "ZzUnknownPath"], Sorted(functions.Where(name => access.Of(name).Role == Role.None)));
        Assert.Equal(["Live", "LiveV2", "Ping", "Ready", "ReadyV2", "ScoringHealth"], Sorted(functions.Where(name => access.Of(name).IsProbe)));
        Assert.Superset(functions.ToHashSet(), access.Names.ToHashSet());
        Assert.Contains("ReconcileJobs", access.Names);
    }

    [Theory]
    [InlineData(typeof(Undeclared), "The function Forgotten answers requests, but does not say who may send them: it lacks [Requires].")]
    [InlineData(typeof(Keyed), "The function Keyed makes the host ask for a key of its own before Larder is asked: its authorization level must be Anonymous.")]
    [InlineData(typeof(Unsaid), "The function Unsaid makes the host ask for a key of its own before Larder is asked: its authorization level must be Anonymous.")]
    [InlineData(typeof(Scopeless), "The function Scopeless does not say what it has to do with models: [Requires] needs a Scope where, and only where, the route names no model.")]
    [InlineData(typeof(Scoped), "The function Scoped does not say what it has to do with models: [Requires] needs a Scope where, and only where, the route names no model.")]
    [InlineData(typeof(GuardedProbe), "The function GuardedProbe is a probe, but requires a role.")]
    public void A_function_that_does_not_say_who_may_call_it_keeps_the_host_from_starting(Type functions, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<InvalidOperationException>(() => new RoleRequirements(FunctionMethods.Of([typeof(Declared), functions]))).Message);

    [Fact]
    public void The_host_reads_the_declarations_before_it_starts()
    {
        // What the Functions host passes to a worker; nothing listens there.
        var builder = FunctionsApplication.CreateBuilder(
        [
            "--Functions:Worker:HostEndpoint=http://127.0.0.1:1", "--Functions:Worker:WorkerId=worker", "--Functions:Worker:RequestId=request", "--Functions:Worker:GrpcMaxMessageLength=1024",
        ]);
        builder.AddLarder();
        builder.Services.AddSingleton(_ => new RoleRequirements(FunctionMethods.Of([typeof(Undeclared)])));
        using var host = builder.Build();

        var refused = Assert.Throws<InvalidOperationException>(() => host.Services.GetServices<IHostedService>().Count());

        Assert.Contains("Forgotten", refused.Message);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once() =>
        Assert.Equal(2, Assert.Throws<InvalidOperationException>(() => new RoleRequirements(FunctionMethods.Of([typeof(Undeclared), typeof(Keyed)]))).Message.Split(Environment.NewLine).Length);

    [Fact]
    public void A_function_that_was_not_there_at_the_start_is_refused_for_every_caller() =>
        Assert.Throws<InvalidOperationException>(() => new RoleRequirements(FunctionMethods.Of([typeof(Declared)])).Of("Forgotten"));

    [Fact]
    public void A_function_without_a_request_needs_no_role_and_its_name_is_known() =>
        Assert.Equal(["Timed"], new RoleRequirements(FunctionMethods.Of([typeof(Timed)])).Names);

    private static IEnumerable<string> Sorted(IEnumerable<string> lines) => lines.Order(StringComparer.Ordinal);

    private static class Declared
    {
        [Function("Declared"), Requires(Role.Reader, Scope = ScopeRule.NoModel)]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "declared")] HttpRequest request) => new OkResult();
    }

    private static class Undeclared
    {
        [Function("Forgotten")]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "forgotten")] HttpRequest request) => new OkResult();
    }

    private static class Keyed
    {
        [Function("Keyed"), Requires(Role.Reader)]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Function, "get", Route = "keyed")] HttpRequest request) => new OkResult();
    }

    private static class Scopeless
    {
        [Function("Scopeless"), Requires(Role.Reader)]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "scopeless")] HttpRequest request) => new OkResult();
    }

    // What names a model cannot say that it has to do with none.
    private static class Scoped
    {
        [Function("Scoped"), Requires(Role.Reader, Scope = ScopeRule.NoModel)]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "scoped/{model}")] HttpRequest request, string model) => new OkResult();
    }

    // The Functions host takes this for Function.
    private static class Unsaid
    {
        [Function("Unsaid"), Requires(Role.Reader)]
        public static IActionResult Run([HttpTrigger("get", Route = "unsaid")] HttpRequest request) => new OkResult();
    }

    private static class GuardedProbe
    {
        [Function("GuardedProbe"), Requires(Role.Reader, IsProbe = true)]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "guarded")] HttpRequest request) => new OkResult();
    }

    private static class Timed
    {
        [Function("Timed")]
        public static void Run([TimerTrigger("0 0 * * * *")] TimerInfo timer)
        {
        }
    }
}
