using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace StandIns.Host.App;

/// <summary>Functions that need no storage.</summary>
public static class Probes
{
    [Function("Ping")]
    public static IActionResult Ping([HttpTrigger(AuthorizationLevel.Function, "get", "post", Route = "ping")] HttpRequest request) => new OkObjectResult("pong");

    /// <summary>Says that it began, and ends when its caller has sent all of its body.</summary>
    [Function("Slow")]
    public static async Task SlowAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "slow")] HttpRequest request, CancellationToken cancellationToken)
    {
        await request.HttpContext.Response.WriteAsync("began\n", cancellationToken);
        await request.HttpContext.Response.Body.FlushAsync(cancellationToken);
        using var reader = new StreamReader(request.Body);
        await request.HttpContext.Response.WriteAsync($"got {await reader.ReadToEndAsync(cancellationToken)}\n", cancellationToken);
    }
}
