using System.ComponentModel;
using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.Lineage;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Dashboard;

/// <summary>The pages of lineage.</summary>
internal sealed class LineagePages(Pages pages, GetLineage lineage)
{
    /// <summary>The lineage of a node.</summary>
    [Function("UiLineage"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The page of something's lineage.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/lineage/{kind}/{*id}")] HttpRequest request,
        string kind,
        string? id,
        CancellationToken cancellationToken) =>
        await pages.ShowAsync<LineagePage>(request, new() { [nameof(LineagePage.Answer)] = await lineage.OfAsync(request.Caller(), kind, id ?? "", depth: null, limit: null, cancellationToken) });
}
