using System.Net;
using System.Net.Sockets;
using System.Text;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests;

public sealed class AnswerTests
{
    public sealed record Person(string FirstName, int Age);

    public sealed class Answers
    {
        private const AuthorizationLevel Open = AuthorizationLevel.Anonymous;

        [Function("ActionObject")]
        public IActionResult ActionObject([HttpTrigger(Open, Route = "action-object")] HttpRequest request) => new ObjectResult(new Person("Ada", 36)) { StatusCode = 201 };

        [Function("ActionTask")]
        public async Task<IActionResult> ActionTask([HttpTrigger(Open, Route = "action-task")] HttpRequest request)
        {
            await Task.Yield();
            return new ContentResult { Content = "<a/>", ContentType = "application/xml", StatusCode = 202 };
        }

        [Function("ActionValueTask")]
        public ValueTask<IActionResult> ActionValueTask([HttpTrigger(Open, Route = "action-value-task")] HttpRequest request) => new(new JsonResult(new Person("Ada", 36)));

        [Function("ActionFile")]
        public IActionResult ActionFile([HttpTrigger(Open, Route = "action-file")] HttpRequest request) =>
            new FileStreamResult(new MemoryStream("0123456789"u8.ToArray()), "application/octet-stream") { EnableRangeProcessing = true };

        [Function("Redirect")]
        public IActionResult Redirect([HttpTrigger(Open, Route = "redirect")] HttpRequest request) => new RedirectResult("/elsewhere");

        [Function("Result")]
        public IResult Result([HttpTrigger(Open, Route = "result")] HttpRequest request) => Results.Json(new Person("Ada", 36), statusCode: 203);

        [Function("ResultTask")]
        public async Task<IResult> ResultTask([HttpTrigger(Open, Route = "result-task")] HttpRequest request)
        {
            await Task.Yield();
            return TypedResults.Conflict("taken");
        }

        [Function("Void")]
        public void Void([HttpTrigger(Open, Route = "void")] HttpRequest request)
        {
        }

        [Function("Task")]
        public async Task TaskOnly([HttpTrigger(Open, Route = "task")] HttpRequest request) => await Task.Yield();

        [Function("ValueTask")]
        public async ValueTask ValueTaskOnly([HttpTrigger(Open, Route = "value-task")] HttpRequest request) => await Task.Yield();

        [Function("Null")]
        public IActionResult? Null([HttpTrigger(Open, Route = "null")] HttpRequest request) => null;

        [Function("Text")]
        public string Text([HttpTrigger(Open, Route = "text")] HttpRequest request) => "some text";

        [Function("Poco")]
        public Person Poco([HttpTrigger(Open, Route = "poco")] HttpRequest request) => new("Ada", 36);

        [Function("Written")]
        public async Task<IActionResult> Written([HttpTrigger(Open, Route = "written")] HttpRequest request)
        {
            request.HttpContext.Response.StatusCode = 418;
            await request.HttpContext.Response.WriteAsync("short and stout");
            return new EmptyResult();
        }

        [Function("Static")]
        public static IActionResult Static([HttpTrigger(Open, Route = "static")] HttpRequest request) => new OkResult();

        [Function("Throws")]
        public IActionResult Throws([HttpTrigger(Open, Route = "throws")] HttpRequest request) => throw new InvalidOperationException("secret detail");

        [Function("ThrowsLater")]
        public async Task<IActionResult> ThrowsLater([HttpTrigger(Open, Route = "throws-later")] HttpRequest request)
        {
            request.HttpContext.Response.Headers["x-half"] = "made";
            await Task.Yield();
            throw new InvalidOperationException("secret detail");
        }

        [Function("ThrowsInTheMiddle")]
        public async Task<IActionResult> ThrowsInTheMiddle([HttpTrigger(Open, Route = "throws-in-the-middle")] HttpRequest request)
        {
            await request.HttpContext.Response.WriteAsync("half an ans");
            await request.HttpContext.Response.Body.FlushAsync();
            throw new InvalidOperationException("secret detail");
        }

        [Function("Length")]
        public async Task<IActionResult> Length([HttpTrigger(Open, "post", Route = "length")] HttpRequest request)
        {
            using var memory = new MemoryStream();
            await request.Body.CopyToAsync(memory);
            return new OkObjectResult(memory.Length);
        }
    }

    [Theory]
    [InlineData("action-object", 201, """{"firstName":"Ada","age":36}""", "application/json; charset=utf-8")]
    [InlineData("action-task", 202, "<a/>", "application/xml")]
    [InlineData("action-value-task", 200, """{"firstName":"Ada","age":36}""", "application/json; charset=utf-8")]
    [InlineData("action-file", 200, "0123456789", "application/octet-stream")]
    [InlineData("redirect", 302, "", null)]
    [InlineData("result", 203, """{"firstName":"Ada","age":36}""", "application/json; charset=utf-8")]
    [InlineData("result-task", 409, "\"taken\"", "application/json; charset=utf-8")]
    [InlineData("written", 418, "short and stout", null)]
    [InlineData("static", 200, "", null)]
    public async Task What_a_function_returns_is_the_answer(string path, int status, string body, string? contentType)
    {
        await using var host = await TestHost.StartAsync<Answers>();

        using var answer = await host.Client.GetAsync(path);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(body, await answer.Content.ReadAsStringAsync());
        Assert.Equal(contentType, answer.Content.Headers.ContentType?.ToString());
    }

    [Theory]
    [InlineData("void")]
    [InlineData("task")]
    [InlineData("value-task")]
    [InlineData("null")]
    [InlineData("text")]
    [InlineData("poco")]
    public async Task What_is_no_result_of_ASP_NET_Core_is_an_empty_200_as_with_the_official_integration(string path)
    {
        await using var host = await TestHost.StartAsync<Answers>();

        using var answer = await host.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(path is "text" or "poco", host.Log.Entries.Any(entry => entry.Message.Contains("No HTTP response returned", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_range_of_a_file_is_answered()
    {
        await using var host = await TestHost.StartAsync<Answers>();
        using var request = new HttpRequestMessage(HttpMethod.Get, "action-file") { Headers = { Range = new(2, 4) } };

        using var answer = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal("234", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("throws-later")]
    public async Task An_exception_is_500_without_a_body_and_logged_as_an_error_of_the_function(string path)
    {
        await using var host = await TestHost.StartAsync<Answers>();

        using var answer = await host.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        Assert.False(answer.Headers.Contains("x-half"));
        var entry = Assert.Single(host.Log.Entries, entry => entry.Level == LogLevel.Error);
        Assert.Equal("secret detail", entry.Exception?.Message);
        Assert.StartsWith("Function.Throws", entry.Category, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_after_the_answer_began_breaks_it_off()
    {
        await using var host = await TestHost.StartAsync<Answers>();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => host.Client.GetStringAsync("throws-in-the-middle"));
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Functions = [typeof(Answers)],
            LocalSettings = """{ "Values": { "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": 10 } }""",
        });

        using var fits = await host.Client.PostAsync("length", new StringContent("0123456789"));
        using var tooLarge = await host.Client.PostAsync("length", new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes("0123456789A"))));

        Assert.Equal("10", await fits.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
    }

    [Fact]
    public async Task A_body_that_breaks_the_rules_of_HTTP_is_400_and_no_error_of_the_function()
    {
        await using var host = await TestHost.StartAsync<Answers>();
        using var client = new TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port);
        await using var stream = client.GetStream();

        await stream.WriteAsync("POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"u8.ToArray());

        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 400 Bad Request", await reader.ReadLineAsync());
        Assert.DoesNotContain(host.Log.Entries, entry => entry.Level >= LogLevel.Error);
    }
}
