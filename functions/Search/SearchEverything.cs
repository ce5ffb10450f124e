using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Search;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Search;

/// <summary>Finds models, versions, data sets, runs and jobs.</summary>
public sealed class SearchEverything(SearchEngine engine)
{
    private const int Page = 20;
    private const int MaxPage = 100;

    /// <summary>A page of what fits, with facets.</summary>
    [Function("SearchEverything"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Models, versions, data sets, runs and jobs by text; ?q=&kind=&filter=&order=&metric=&direction=&limit=&cursor=.")]
    [Query("q", "kind", "filter", "order", "metric", "direction", "limit", "cursor"), Answers(typeof(SearchAnswer))]
    public async Task<IActionResult> Search(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/search")] HttpRequest request,
        CancellationToken cancellationToken) =>
        Envelope.Ok("Search done", AnswerOf(await engine.FindAsync(request.Caller(), RequestOf(request), cancellationToken)));

    /// <summary>What the parameters of a request ask for.</summary>
    /// <exception cref="InvalidRequestException">A parameter is not valid, or does not go with another.</exception>
    internal static SearchRequest RequestOf(HttpRequest request)
    {
        var (metrics, direction) = (QueryParameters.Texts(request, "metric"), QueryParameters.Text(request, "direction"));
        if (metrics.Count > 1)
            throw new InvalidRequestException("A search is ranked by one metric: give metric once.");
        if (direction is not (null or "max" or "min"))
            throw new InvalidRequestException("direction must be max, when more is better, or min.");
        if (direction is not null && metrics.Count == 0)
            throw new InvalidRequestException("direction says which values of a metric are better: give metric, too.");
        return new SearchRequest(
            QueryParameters.Text(request, "q"),
            KindsOf(request),
            QueryParameters.Text(request, "filter"),
            QueryParameters.Text(request, "order"),
            metrics is [var metric] ? metric : null,
            IsLessBetter: direction == "min",
            (int?)QueryParameters.Number(request, "limit", 1, MaxPage) ?? Page,
            QueryParameters.Text(request, "cursor"));
    }

    /// <summary>The kinds that a request names, known or not.</summary>
    internal static IReadOnlyList<string> KindsOf(HttpRequest request) => [.. QueryParameters.Texts(request, "kind").SelectMany(kinds => kinds.Split(',')).Distinct()];

    /// <summary>The answer to a search.</summary>
    internal static SearchAnswer AnswerOf(SearchResult result) => new()
    {
        Hits = [.. result.Hits.Select(Of)],
        Facets = result.Facets.ToDictionary(facet => facet.Name, facet => (IReadOnlyList<FacetValue>)[.. facet.Values.Select(value => new FacetValue { Value = value.Value, Count = value.Count })]),
        Total = result.Total,
        NextCursor = result.Cursor,
    };

    private static SearchHit Of(FoundItem found) => new()
    {
        Kind = found.Item.Kind,
        Id = found.Item.Id,
        Title = found.Item.Title,
        Description = found.Item.Description,
        Model = found.Item.Model,
        Owner = found.Item.Owner,
        Experiment = found.Item.Experiment,
        State = found.Item.State,
        Tags = found.Item.Tags,
        // JSON has no other numbers.
        Metrics = found.Item.Metrics.Where(metric => double.IsFinite(metric.Value)).ToDictionary(),
        Updated = found.Item.Updated,
        Rating = found.Item.Rating.Mean,
        Link = found.Item.Link,
        Page = found.Item.Page,
        Score = new HitScore { Total = found.Score, Text = found.Parts.Text, Recency = found.Parts.Recency, Use = found.Parts.Use, Rating = found.Parts.Rating, Metric = found.Parts.Metric },
    };
}
