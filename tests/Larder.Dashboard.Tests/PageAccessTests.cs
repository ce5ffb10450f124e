using Larder.Functions.Http;
using Larder.Registry.Access;

namespace Larder.Dashboard.Tests;

/// <summary>Which role each page needs, written out so that a change is seen.</summary>
public sealed class PageAccessTests
{
    private const string Expected = """
        GET /ui none
        GET /ui/assets/{file} none
        GET /ui/audit admin
        GET /ui/datasets reader
        GET /ui/experiments reader
        GET /ui/experiments/{experiment} reader
        GET /ui/experiments/{experiment}/compare reader
        GET /ui/jobs reader
        GET /ui/jobs/{job} reader
        POST /ui/jobs/{job}/cancel contributor
        POST /ui/jobs/{job}/retry contributor
        GET /ui/lineage/{kind}/{*id} reader
        GET /ui/models reader
        POST /ui/models/{model}/alias-removals contributor
        POST /ui/models/{model}/aliases contributor
        POST /ui/models/{model}/rating predictor
        GET /ui/models/{reference} reader
        GET /ui/models/{reference}/card reader
        GET /ui/models/{reference}/try predictor
        POST /ui/models/{reference}/try predictor
        POST /ui/models/{reference}/try-image predictor
        GET /ui/operations reader
        GET /ui/runs/{run} reader
        GET /ui/schedules reader
        GET /ui/schedules/{schedule} reader
        POST /ui/schedules/{schedule}/pause contributor
        POST /ui/schedules/{schedule}/resume contributor
        POST /ui/schedules/{schedule}/run contributor
        GET /ui/search reader
        GET /ui/sign-in none
        POST /ui/sign-in none
        POST /ui/sign-out none
        GET /ui/submit/{type} contributor
        POST /ui/submit/{type} contributor
        GET /ui/train contributor
        POST /ui/train contributor
        GET /ui/upload contributor
        POST /ui/upload contributor
        """;

    [Fact]
    public void Each_page_needs_its_role() =>
        Assert.Equal(Expected.ReplaceLineEndings().Split(Environment.NewLine).Order(), new RouteTable().Pages.SelectMany(route => route.Methods.Select(method => $"{method} {route.Path} {RoleNames.Of(route.Role)}")).Order());
}
