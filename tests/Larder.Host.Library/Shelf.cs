using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Host.Library;

/// <summary>A function of a library.</summary>
public sealed class Shelf(ShelfOptions options)
{
    [Function("Shelf")]
    public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "shelf")] HttpRequest request) => new OkObjectResult(options.Content);
}
