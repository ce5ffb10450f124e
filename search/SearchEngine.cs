using System.Text.Json;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Ratings;
using Larder.Registry.Search;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Search;

/// <summary>Finds models, versions, data sets, runs and jobs by text, filter and kind, ranks them, and counts what they have in common.</summary>
public sealed class SearchEngine
{
    /// <summary>The most characters of a text.</summary>
    public const int MaxText = 500;

    private const string CursorKind = "found:";
    private const int FacetValues = 20;
    private const double HalfLifeDays = 30;

    private static readonly ItemSchema Schema = new();

    // Disposed by the application, whose service it is.
    private readonly ItemIndex _index;
    private readonly ModelScopes _scopes;
    private readonly JobAccess _access;
    private readonly SearchWeights _weights;
    private readonly TimeProvider _time;

    internal SearchEngine(ItemIndex index, ModelScopes scopes, JobAccess access, SearchWeights weights, TimeProvider time) =>
        (_index, _scopes, _access, _weights, _time) = (index, scopes, access, weights, time);

    /// <summary>A page of what is found, as far as a caller may see it.</summary>
    /// <exception cref="InvalidRequestException">Text, kind, filter, order or cursor is not valid.</exception>
    public async Task<SearchResult> FindAsync(Caller caller, SearchRequest request, CancellationToken cancellationToken)
    {
        if (request.Text?.Length > MaxText)
            throw new InvalidRequestException($"q can have at most {MaxText} characters; it has {request.Text.Length}.");
        if (request.Kinds.FirstOrDefault(kind => !SearchItem.Kinds.Contains(kind)) is { } unknown)
            throw new InvalidRequestException($"There is no kind {Quoted.Text(unknown)}. The kinds are {string.Join(", ", SearchItem.Kinds)}.");
        var query = new SearchQuery<FoundItem>(Schema, request.Filter, request.Order is { } order ? [order] : []);
        var position = request.Cursor is null ? new Position(FingerprintOf(request), _time.GetUtcNow(), null) : Read(request);

        var all = await _index.ItemsAsync(cancellationToken);
        // What the caller may not see counts nowhere: not in a facet, not in what others are compared with.
        var visible = all.Where(await ShownAsync(caller, cancellationToken)).ToList();
        var scores = request.Text is { } text && TextIndex.WordsOf(text).Any() ? _index.Find(text) : null;
        var fitting = Ranked(visible, scores, request, position.Now).Where(query.Fits).ToList();
        var found = request.Kinds.Count == 0 ? fitting : [.. fitting.Where(one => request.Kinds.Contains(one.Item.Kind))];
        var page = query.Page(found, request.Limit, position.Token);
        return new SearchResult(
            page.Items,
            FacetsOf(fitting, found),
            found.Count,
            page.Cursor is null ? null : Cursors.Write(CursorKind, JsonSerializer.Serialize(position with { Token = page.Cursor })));
    }

    private async Task<Func<SearchItem, bool>> ShownAsync(Caller caller, CancellationToken cancellationToken)
    {
        var isModelShown = await _scopes.NamesAsync(caller, cancellationToken);
        var isJobShown = await _access.ShownAsync(caller, cancellationToken);
        return item => item switch
        {
            { JobType: { } type } => isJobShown(type, item.Model!),
            { Model: { } model } => isModelShown(model),
            // Runs are about all models.
            _ => caller.Scope is null,
        };
    }

    private IEnumerable<FoundItem> Ranked(List<SearchItem> visible, IReadOnlyDictionary<string, double>? scores, SearchRequest request, DateTimeOffset now)
    {
        var used = visible.SelectMany(item => item.Uses).CountBy(use => use, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var items = scores is null ? visible : visible.FindAll(item => scores.ContainsKey(item.Key));
        var best = scores is null || items.Count == 0 ? 1 : items.Max(item => scores[item.Key]);
        var values = request.Metric is { } metric ? items.Where(item => item.Metrics.TryGetValue(metric, out var value) && double.IsFinite(value)).ToDictionary(item => item.Key, item => item.Metrics[metric]) : [];
        var (least, most) = values.Count > 0 ? (values.Values.Min(), values.Values.Max()) : (0, 0);
        foreach (var item in items)
        {
            var uses = item.UsedAs is { } name ? used.GetValueOrDefault(name) : 0;
            var parts = new SearchScore(
                scores is null ? 0 : scores[item.Key] / best,
                Math.Pow(0.5, Math.Max(0, (now - item.Updated).TotalDays) / HalfLifeDays),
                uses / (uses + 5.0),
                RatingOf(item.Rating),
                values.TryGetValue(item.Key, out var value) ? most > least ? (request.IsLessBetter ? most - value : value - least) / (most - least) : 1 : 0);
            var total = _weights.Text * parts.Text + _weights.Recency * parts.Recency + _weights.Use * parts.Use + _weights.Rating * parts.Rating + _weights.Metric * parts.Metric;
            yield return new FoundItem(item, parts, total);
        }
    }

    // The mean of the stars and of three ratings in the middle, so that one caller's opinion does not decide.
    private static double RatingOf(RatingSummary rating)
    {
        const int Neutral = 3;
        const double Middle = (1 + RatingStore.MaxStars) / 2.0;
        var mean = (Neutral * Middle + rating.Count * (rating.Mean ?? Middle)) / (Neutral + rating.Count);
        return (mean - 1) / (RatingStore.MaxStars - 1);
    }

    private static List<SearchFacet> FacetsOf(List<FoundItem> fitting, List<FoundItem> found)
    {
        // The kinds are counted as if none were chosen, so that another one can be.
        List<SearchFacet> facets = [Facet("kind", fitting.Select(one => one.Item.Kind))];
        facets.AddRange(
        [
            Facet("model", found.Select(one => one.Item.Model)),
            Facet("version_kind", found.Select(one => one.Item.VersionKind)),
            Facet("job_type", found.Select(one => one.Item.JobType)),
            Facet("state", found.Select(one => one.Item.State)),
            Facet("owner", found.Select(one => one.Item.Owner)),
            Facet("experiment", found.Select(one => one.Item.Experiment)),
            Facet("tag", found.SelectMany(one => one.Item.Tags.Select(tag => $"{tag.Key}:{tag.Value}"))),
        ]);
        return [.. facets.Where(facet => facet.Values.Count > 0)];
    }

    private static SearchFacet Facet(string name, IEnumerable<string?> values) => new(
        name, [.. values.OfType<string>().CountBy(value => value).OrderByDescending(one => one.Value).ThenBy(one => one.Key, StringComparer.Ordinal).Take(FacetValues).Select(one => (one.Key, one.Value))]);

    // A cursor belongs to the search that gave it.
    private static string FingerprintOf(SearchRequest request) => TextHash.Of(JsonSerializer.Serialize(
        new { request.Text, Kinds = request.Kinds.Order(StringComparer.Ordinal), request.Filter, request.Order, request.Metric, request.IsLessBetter }))[..16];

    private static Position Read(SearchRequest request)
    {
        Position? position = null;
        Cursors.Read(CursorKind, request.Cursor!, text =>
        {
            try
            {
                position = JsonSerializer.Deserialize<Position>(text);
            }
            catch (JsonException)
            {
                return false;
            }
            return position is { Token: not null } && position.Search == FingerprintOf(request);
        });
        return position!;
    }

    // Ages are those of the first page, so that the order is the same on each.
    private sealed record Position(string Search, DateTimeOffset Now, string? Token);
}

/// <summary>What is asked for.</summary>
/// <param name="Text">Words; null for all items.</param>
/// <param name="Kinds">Any of these; empty for all.</param>
/// <param name="Filter">A filter in the grammar of MLflow's searches; null for none.</param>
/// <param name="Order">An order in that grammar; null for the best first.</param>
/// <param name="Metric">The metric that counts; null for none.</param>
/// <param name="IsLessBetter">Whether less of the metric is better.</param>
/// <param name="Limit">The most items of a page.</param>
/// <param name="Cursor">From the page before; null for the first.</param>
public sealed record SearchRequest(string? Text, IReadOnlyList<string> Kinds, string? Filter, string? Order, string? Metric, bool IsLessBetter, int Limit, string? Cursor);

/// <summary>What was found.</summary>
/// <param name="Hits">A page of items, in order.</param>
/// <param name="Facets">What all that fits has in common, with counts.</param>
/// <param name="Total">How many fit, on all pages.</param>
/// <param name="Cursor">Asks for the next page; null at the end.</param>
public sealed record SearchResult(IReadOnlyList<FoundItem> Hits, IReadOnlyList<SearchFacet> Facets, int Total, string? Cursor);

/// <summary>An item that fits.</summary>
/// <param name="Item">The item.</param>
/// <param name="Parts">What its score is made of.</param>
/// <param name="Score">The score: the parts by their weights.</param>
public sealed record FoundItem(SearchItem Item, SearchScore Parts, double Score);

/// <summary>The parts of a score, each 0 to 1.</summary>
/// <param name="Text">How well its texts fit, compared with the best hit.</param>
/// <param name="Recency">1 for what was changed now, half of it for each thirty days.</param>
/// <param name="Use">0 for what no job has used, 0.5 after five, nearly 1 after many.</param>
/// <param name="Rating">What callers think of the model: 0 for one star, 1 for five, 0.5 without ratings.</param>
/// <param name="Metric">1 for the best hit that has the metric, 0 for the worst, and for one without it.</param>
public sealed record SearchScore(double Text, double Recency, double Use, double Rating, double Metric);

/// <summary>What hits have in common.</summary>
/// <param name="Name">What is counted.</param>
/// <param name="Values">Its values with their counts, the most frequent first.</param>
public sealed record SearchFacet(string Name, IReadOnlyList<(string Value, int Count)> Values);
