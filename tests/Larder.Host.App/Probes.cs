using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Host.App;

/// <summary>Functions that need no storage.</summary>
public static class Probes
{
    [Function("Ping")]
    public static IActionResult Ping([HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "ping")] HttpRequest request) => new OkObjectResult("pong");

    /// <summary>Says that it began, and ends when a file is there.</summary>
    [Function("Wait")]
    public static async Task WaitAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "wait")] HttpRequest request, string file, CancellationToken cancellationToken)
    {
        await request.HttpContext.Response.WriteAsync("began\n", cancellationToken);
        await request.HttpContext.Response.Body.FlushAsync(cancellationToken);
        while (!File.Exists(file))
            await Task.Delay(20, cancellationToken);
        await request.HttpContext.Response.WriteAsync("ended\n", cancellationToken);
    }
}
