using System.ComponentModel;
using Larder.Functions.Access;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Operations;

/// <summary>The scrape endpoint.</summary>
public sealed class Metrics(PrometheusScraper scraper)
{
    /// <summary>All metrics in Prometheus' text format.</summary>
    [Function("Metrics"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("Prometheus metrics.")]
    [Takes, Answers(MediaType = "text/plain")]
    public async Task<IActionResult> Scrape([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = "metrics")] HttpRequest request)
    {
        await scraper.ScrapeAsync(request.HttpContext);
        // The exporter has written the answer.
        return new EmptyResult();
    }
}
