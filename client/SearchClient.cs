using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Finds models, versions, data sets, runs and jobs.</summary>
public sealed class SearchClient
{
    private readonly ApiConnection _api;

    internal SearchClient(ApiConnection api) => _api = api;

    /// <summary>Lists what fits, the best first unless another order is asked for, reading further pages as they are needed.</summary>
    /// <param name="text">Words, each of which must occur, or begin a word, or be one but for a typo; null for everything.</param>
    /// <param name="filter">What is found, and how it is ranked; null for all kinds by their score.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<SearchHit> SearchAsync(string? text, SearchFilter? filter = null, CancellationToken cancellationToken = default)
    {
        filter ??= new SearchFilter();
        return Pages.AllAsync(
            (cursor, stop) => _api.GetAsync(
                ApiPath.Of("api/v1/search").With("q", text).With("kind", filter.Kinds).With("filter", filter.Filter).With("order", filter.Order)
                    .With("metric", filter.Metric).With("direction", filter.Direction).With("cursor", cursor),
                LarderJson.Default.SearchAnswer,
                stop),
            page => page.Hits,
            page => page.NextCursor,
            cancellationToken);
    }
}
