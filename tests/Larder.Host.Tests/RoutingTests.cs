using System.Net;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Larder.Host.Tests;

public sealed class RoutingTests
{
    public sealed class Shop
    {
        [Function("Root")]
        public IActionResult Root([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "{root:maxlength(0)?}")] HttpRequest request) => new OkObjectResult("root");

        [Function("Unrouted")]
        public IActionResult Unrouted([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkObjectResult("by name");

        [Function("ItemById")]
        public IActionResult ItemById([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/{id:int:min(1)}")] HttpRequest request, int id) =>
            new OkObjectResult($"number {id}");

        [Function("ItemByName")]
        public IActionResult ItemByName([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/{name}")] HttpRequest request, string name) =>
            new OkObjectResult($"name {name}");

        [Function("BestItem")]
        public IActionResult BestItem([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/best")] HttpRequest request) => new OkObjectResult("the best");

        [Function("PutItem")]
        public IActionResult PutItem([HttpTrigger(AuthorizationLevel.Anonymous, "put", "patch", Route = "items/{name}")] HttpRequest request, string name) =>
            new OkObjectResult($"{request.Method} {name}");

        [Function("Page")]
        public IActionResult Page([HttpTrigger(AuthorizationLevel.Anonymous, Route = "pages/{number:int?}")] HttpRequest request, int? number) =>
            new OkObjectResult($"{request.Method} page {number?.ToString() ?? "none"}");

        [Function("Language")]
        public IActionResult Language([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "help/{language=en}")] HttpRequest request, string language) =>
            new OkObjectResult($"help in {language}");

        [Function("File")]
        public IActionResult File([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "files/{*path}")] HttpRequest request, string? path) =>
            new OkObjectResult($"file {path}");
    }

    public sealed class AllPathsLast
    {
        [Function("Aa")]
        public IActionResult Taken([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "taken")] HttpRequest request) => new OkObjectResult("taken by another");

        [Function("Zz")]
        public IActionResult Rest([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "{*path}")] HttpRequest request, string? path) => new OkObjectResult(path ?? "");
    }

    public sealed class AllPathsBetween
    {
        [Function("Aa")]
        public IActionResult Taken([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "taken")] HttpRequest request) => new OkObjectResult("taken by another");

        [Function("Mm")]
        public IActionResult Rest([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "{*path}")] HttpRequest request, string? path) => new OkObjectResult(path ?? "");

        [Function("Zz")]
        public IActionResult Never([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "never")] HttpRequest request) => new OkObjectResult("never");
    }

    public sealed class CatchAll
    {
        [Function("zzAnything")]
        public IActionResult Anything([HttpTrigger(AuthorizationLevel.Anonymous, Route = "{*path}")] HttpRequest request) =>
            new OkObjectResult($"{request.Method} {request.Path}");
    }

    public sealed class InTheOrderOfNames
    {
        [Function("M")]
        public IActionResult CatchAll([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "things/{*path}")] HttpRequest request) => new OkObjectResult("M");

        [Function("a")]
        public IActionResult General([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "things/{kind}/{name}")] HttpRequest request) => new OkObjectResult("a");

        [Function("B")]
        public IActionResult Particular([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "things/hats/{name}")] HttpRequest request) => new OkObjectResult("B");

        [Function("z")]
        public IActionResult Literal([HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", Route = "things/hats")] HttpRequest request) => new OkObjectResult("z");
    }

    [Theory]
    [InlineData("GET", "/", "root")]
    [InlineData("GET", "/Unrouted", "by name")]
    [InlineData("GET", "/unrouted", "by name")]
    [InlineData("GET", "/items/7", "number 7")]
    [InlineData("GET", "/items/0", "name 0")]
    [InlineData("GET", "/items/hat", "name hat")]
    [InlineData("GET", "/items/a%20b", "name a b")]
    [InlineData("GET", "/items/best", "the best")]
    [InlineData("PUT", "/items/best", "PUT best")]
    [InlineData("PATCH", "/items/hat", "PATCH hat")]
    [InlineData("GET", "/pages", "GET page none")]
    [InlineData("DELETE", "/pages/3", "DELETE page 3")]
    [InlineData("GET", "/help", "help in en")]
    [InlineData("GET", "/help/de", "help in de")]
    [InlineData("GET", "/files/a/b/c.txt", "file a/b/c.txt")]
    [InlineData("GET", "/files", "file ")]
    public async Task A_request_goes_to_the_first_function_whose_route_and_method_fit(string method, string path, string expected)
    {
        await using var host = await TestHost.StartAsync<Shop>();

        using var answer = await host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("GET", "/nothing/here")]
    [InlineData("GET", "/pages/three")]
    [InlineData("POST", "/items/hat")]
    [InlineData("HEAD", "/items/hat")]
    [InlineData("OPTIONS", "/items/hat")]
    [InlineData("GET", "/admin/host/status")]
    public async Task A_request_that_no_route_and_method_fits_is_404_without_a_body(string method, string path)
    {
        await using var host = await TestHost.StartAsync<Shop>();

        using var answer = await host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        Assert.Empty(answer.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("POST", "/items/hat", "POST /items/hat")]
    [InlineData("HEAD", "/items/hat", null)]
    [InlineData("GET", "/items/hat", "name hat")]
    [InlineData("GET", "/else", "GET /else")]
    [InlineData("POST", "/", "POST /")]
    public async Task A_catch_all_gets_what_no_other_function_takes(string method, string path, string? expected)
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [typeof(Shop), typeof(CatchAll)] });

        using var answer = await host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        if (expected is not null)
            Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("GET", "/", "")]
    [InlineData("GET", "/a", "a")]
    [InlineData("GET", "/a/b/", "a/b/")]
    [InlineData("GET", "/a//b", "a//b")]
    [InlineData("GET", "//a", "/a")]
    [InlineData("GET", "/a%20b%2Fc", "a b%2Fc")]
    [InlineData("GET", "/taken", "taken by another")]
    [InlineData("POST", "/taken", null)]
    [InlineData("POST", "/a", null)]
    public async Task A_catch_all_of_all_paths_gets_the_path_whatever_its_place_in_the_order(string method, string path, string? expected)
    {
        // The last one in order is no route to routing: it gets what routing leaves.
        foreach (var functions in (Type[])[typeof(AllPathsLast), typeof(AllPathsBetween)])
        {
            await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [functions] });

            using var answer = await host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), host.Client.BaseAddress + path[1..]));

            Assert.Equal(expected is null ? HttpStatusCode.NotFound : HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(expected ?? "", await answer.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData(null, "/api/items/hat")]
    [InlineData("""{ "version": "2.0" /* a comment, and a comma at the end */, }""", "/api/items/hat")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "routePrefix": "shop/v1" } } }""", "/shop/v1/items/hat")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }""", "/items/hat")]
    public async Task Routes_begin_with_the_prefix_of_host_json(string? hostJson, string path)
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [typeof(Shop)], HostJson = hostJson });

        Assert.Equal("name hat", await host.Client.GetStringAsync(path));
    }

    [Theory]
    [InlineData("GET", "/things/hats/top", "a")] // B is more specific, but a comes first
    [InlineData("GET", "/things/hats", "M")] // so is z
    [InlineData("GET", "/things/x/y/z", "M")]
    [InlineData("PUT", "/things/hats", "z")] // the only one that takes PUT
    public async Task Functions_are_tried_in_the_order_of_their_names_ignoring_case_as_by_the_functions_host(string method, string path, string expected)
    {
        await using var host = await TestHost.StartAsync<InTheOrderOfNames>();

        using var answer = await host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task HEAD_goes_to_functions_that_name_it_and_to_no_others()
    {
        await using var host = await TestHost.StartAsync<InTheOrderOfNames>();

        using var named = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/things/hats/top"));
        await using var shop = await TestHost.StartAsync<Shop>();
        using var notNamed = await shop.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/items/hat"));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.NotFound], [named.StatusCode, notNamed.StatusCode]);
    }

    [Fact]
    public async Task A_ready_host_lists_its_functions_and_then_its_address()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [typeof(CatchAll), typeof(Shop)] });

        var lines = host.Output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        var address = host.Address.ToString().TrimEnd('/');
        Assert.Equal(
            [
                "Functions:",
                $"\tBestItem: [GET] {address}/items/best",
                $"\tFile: [GET] {address}/files/{{*path}}",
                $"\tItemById: [GET] {address}/items/{{id:int:min(1)}}",
                $"\tItemByName: [GET] {address}/items/{{name}}",
                $"\tLanguage: [GET] {address}/help/{{language=en}}",
                $"\tPage: {address}/pages/{{number:int?}}",
                $"\tPutItem: [PUT,PATCH] {address}/items/{{name}}",
                $"\tRoot: [GET] {address}/{{root:maxlength(0)?}}",
                $"\tUnrouted: [GET] {address}/Unrouted",
                $"\tzzAnything: {address}/{{*path}}",
                $"Host started: {address}",
            ],
            lines);
    }
}
