using Microsoft.AspNetCore.Routing.Patterns;

namespace Larder.Worker.Tests.Rules;

/// <summary>
/// The Functions host tries routes in the order of function names, ignoring case, and the first that matches wins; the worker parses each with the host's prefix before it,
/// and answers nothing at all when one of them cannot be parsed.
/// </summary>
public sealed class RouteTests
{
    [Fact]
    public async Task No_function_of_the_app_takes_the_requests_of_a_more_specific_one() => Assert.Empty(await HostRoute.HiddenAsync(await RoutesAsync()));

    [Fact]
    public async Task The_worker_can_parse_every_route_of_the_app() => Assert.True((await RoutesAsync()).Count > 50);

    [Fact]
    public async Task Every_HTTP_function_is_anonymous_to_the_Functions_host()
    {
        var functions = (await PublishedFunction.ReadAsync(await PublishedApp.FolderAsync())).Where(function => function.Trigger.Type == "httpTrigger").ToList();

        Assert.True(functions.Count > 50);
        Assert.All(functions, function => Assert.Equal("Anonymous", function.Trigger["authLevel"]));
    }

    [Theory]
    [InlineData("NothingHere", "{*path}", "Ready", "readyz")]
    [InlineData("GetModel", "models/{reference}", "ListInformation", "models/information")]
    [InlineData("DownloadJobOutput", "jobs/{job}/outputs/{*path}", "ListJobOutputs", "jobs/{job}/outputs")]
    [InlineData("a", "models/{reference?}", "B", "models")]
    [InlineData("a", "models/{one}", "B", "models/{two}")]
    [InlineData("a", "models/{one:int}", "B", "models/{two:int}")]
    public async Task A_function_that_takes_another_s_requests_is_found(string first, string route, string second, string other) =>
        Assert.Single(await HostRoute.HiddenAsync([new HostRoute(second, ["get"], other), new HostRoute(first, ["get"], route)]));

    [Theory]
    [InlineData("a", "models/information", "B", "models/{reference}")]
    [InlineData("a", "models/{reference}", "B", "jobs/{job}")]
    [InlineData("a", "models/{reference}/files", "B", "models/{reference}")]
    [InlineData("a", "{root:maxlength(0)?}", "B", "help")]
    [InlineData("a", "{root:maxlength(0)?}", "B", "{*path}")]
    public async Task Functions_that_leave_each_other_their_requests_are_not(string first, string route, string second, string other) =>
        Assert.Empty(await HostRoute.HiddenAsync([new HostRoute(first, ["get"], route), new HostRoute(second, ["get"], other)]));

    [Fact]
    public async Task Functions_of_different_methods_do_not_overlap_and_one_without_methods_overlaps_all()
    {
        Assert.Empty(await HostRoute.HiddenAsync([new HostRoute("a", ["get"], "{x}"), new HostRoute("b", ["post"], "x")]));
        Assert.Single(await HostRoute.HiddenAsync([new HostRoute("a", [], "{x}"), new HostRoute("b", ["post"], "x")]));
    }

    [Fact]
    public void A_route_that_is_a_slash_cannot_be_parsed() => Assert.Throws<RoutePatternException>(() => new HostRoute("Greet", ["get"], "/"));

    private static async Task<IReadOnlyList<HostRoute>> RoutesAsync() =>
    [
        .. (await PublishedFunction.ReadAsync(await PublishedApp.FolderAsync()))
            .Where(function => function.Trigger.Type == "httpTrigger")
            .Select(function => new HostRoute(function.Name, function.Trigger.List("methods"), function.Trigger["route"] ?? function.Name)),
    ];
}
