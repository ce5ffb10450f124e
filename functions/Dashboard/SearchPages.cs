using System.ComponentModel;
using Larder.Contracts;
using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Search;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Search;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Dashboard;

/// <summary>The page that finds models, versions, data sets, runs and jobs.</summary>
internal sealed class SearchPages(Pages pages, SearchEngine engine)
{
    /// <summary>A page of what fits, with the form and the facets.</summary>
    [Function("UiSearch"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The page of the search.")]
    [Query("q", "kind", "filter", "order", "metric", "direction", "cursor"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/search")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var (answer, problem) = ((SearchAnswer?)null, (string?)null);
        try
        {
            answer = SearchEverything.AnswerOf(await engine.FindAsync(request.Caller(), SearchEverything.RequestOf(request), cancellationToken));
        }
        catch (InvalidRequestException exception)
        {
            problem = exception.Message;
        }
        return await pages.ShowAsync<SearchPage>(
            request,
            new()
            {
                [nameof(SearchPage.Answer)] = answer,
                [nameof(SearchPage.Problem)] = problem,
                [nameof(SearchPage.Kinds)] = SearchItem.Kinds,
                [nameof(SearchPage.Chosen)] = SearchEverything.KindsOf(request),
                [nameof(SearchPage.Text)] = QueryParameters.Text(request, "q") ?? "",
                [nameof(SearchPage.Filter)] = QueryParameters.Text(request, "filter") ?? "",
                [nameof(SearchPage.Order)] = QueryParameters.Text(request, "order") ?? "",
                [nameof(SearchPage.Metric)] = QueryParameters.Text(request, "metric") ?? "",
                [nameof(SearchPage.Direction)] = QueryParameters.Text(request, "direction") ?? "",
            },
            problem is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }
}
