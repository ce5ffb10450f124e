using System.Globalization;
using System.Net;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Hosting;

namespace Larder.Host.Tests;

public sealed class RouteValueTests
{
    public enum Colour
    {
        Red,
        Green,
    }

    public sealed class Echo
    {
        [Function("Int")]
        public IActionResult Int([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "int/{value}")] HttpRequest request, int value) => Show(value);

        [Function("Long")]
        public IActionResult Long([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "long/{value}")] HttpRequest request, long value) => Show(value);

        [Function("Double")]
        public IActionResult Double([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "double/{value}")] HttpRequest request, double value) => Show(value);

        [Function("Bool")]
        public IActionResult Bool([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "bool/{value}")] HttpRequest request, bool value) => Show(value);

        [Function("Guid")]
        public IActionResult Guid([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "guid/{value}")] HttpRequest request, Guid value) => Show(value);

        [Function("Time")]
        public IActionResult Time([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "time/{value}")] HttpRequest request, DateTime value) =>
            Show(value.ToString("s", CultureInfo.InvariantCulture));

        [Function("Enum")]
        public IActionResult Enum([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "enum/{value}")] HttpRequest request, Colour value) => Show(value);

        [Function("Text")]
        public IActionResult Text([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "text/{value?}")] HttpRequest request, string? value) => Show(value);

        [Function("MaybeInt")]
        public IActionResult MaybeInt([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "maybe-int/{value?}")] HttpRequest request, int? value) => Show(value);

        [Function("MaybeEnum")]
        public IActionResult MaybeEnum([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "maybe-enum/{value?}")] HttpRequest request, Colour? value) => Show(value);

        [Function("DefaultInt")]
        public IActionResult DefaultInt([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "default-int/{value?}")] HttpRequest request, int value = 42) => Show(value);

        [Function("DefaultMaybe")]
        public IActionResult DefaultMaybe([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "default-maybe/{value?}")] HttpRequest request, Colour? value = Colour.Green) => Show(value);

        [Function("DefaultText")]
        public IActionResult DefaultText([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "default-text/{value?}")] HttpRequest request, string value = "none given") => Show(value);

        [Function("DefaultTime")]
        public IActionResult DefaultTime([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "default-time/{value?}")] HttpRequest request, DateTime value = default) =>
            Show(value.Year);

        [Function("MustBeThere")]
        public IActionResult MustBeThere([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "must-be-there/{value?}")] HttpRequest request, int value) => Show(value);

        [Function("BindingData")]
        public IActionResult BindingData([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "data/{first}/{second}")] HttpRequest request, FunctionContext context) =>
            Show(string.Join(", ", context.BindingContext.BindingData.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}={pair.Value}")));

        private static OkObjectResult Show(object? value) => new(value is null ? "null" : Convert.ToString(value, CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("int/-7", "-7")]
    [InlineData("long/9007199254740993", "9007199254740993")]
    [InlineData("double/2.5e-3", "0.0025")]
    [InlineData("bool/true", "True")]
    [InlineData("guid/6f9619ff-8b86-d011-b42d-00cf4fc964ff", "6f9619ff-8b86-d011-b42d-00cf4fc964ff")]
    [InlineData("time/2024-02-29T13:14:15", "2024-02-29T13:14:15")]
    [InlineData("enum/green", "Green")]
    [InlineData("text/%C3%A4%20b", "ä b")]
    [InlineData("text", "null")]
    [InlineData("maybe-int/5", "5")]
    [InlineData("maybe-int", "null")]
    [InlineData("maybe-enum/Red", "Red")]
    [InlineData("maybe-enum", "null")]
    [InlineData("default-int", "42")]
    [InlineData("default-int/1", "1")]
    [InlineData("default-maybe", "Green")]
    [InlineData("default-maybe/red", "Red")]
    [InlineData("default-text", "none given")]
    [InlineData("default-text/x", "x")]
    [InlineData("default-time", "1")]
    [InlineData("maybe-int?value=8", "8")]
    [InlineData("maybe-int/5?value=8", "5")]
    [InlineData("data/1/two?third=3", "first=1, second=two, third=3")]
    public async Task A_value_of_the_route_or_the_query_becomes_an_argument(string path, string expected)
    {
        await using var host = await TestHost.StartAsync<Echo>();

        Assert.Equal(expected, await host.Client.GetStringAsync(path));
    }

    [Theory]
    [InlineData("int/seven", "'value' to type 'System.Int32'")]
    [InlineData("int/2147483648", "'value' to type 'System.Int32'")]
    [InlineData("guid/6f96", "'value' to type 'System.Guid'")]
    [InlineData("enum/blue", "'value' to type '" + nameof(Larder))]
    [InlineData("enum/7", "'value' to type '" + nameof(Larder))]
    [InlineData("maybe-int/x", "'value' to type 'System.Int32'")]
    [InlineData("must-be-there", "'value' of type 'System.Int32'")]
    public async Task A_value_that_does_not_convert_is_500_and_named_in_the_log(string path, string expected)
    {
        await using var host = await TestHost.StartAsync<Echo>();

        using var answer = await host.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        Assert.Contains(host.Log.Entries, entry => entry.Exception is FunctionInputConverterException exception && exception.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_middleware_can_answer_a_value_that_does_not_convert()
    {
        await using var host = await TestHost.StartAsync<Echo>(builder =>
        {
            builder.UseMiddleware(async (context, next) =>
            {
                try
                {
                    await next();
                }
                catch (FunctionInputConverterException exception)
                {
                    context.GetInvocationResult().Value = new BadRequestObjectResult(exception.Message);
                }
            });
        });

        using var answer = await host.Client.GetAsync("int/seven");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("Error converting 1 input parameters for Function 'Int'", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
