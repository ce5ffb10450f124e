using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Ratings;

/// <summary>
/// What callers think of models: 1 to 5 stars, one rating of each caller for each model. A rating is for the model that has the name at that time: it stays when versions come and go, and does not
/// count for another model that is created under the name of a deleted one. It is no change of the model, so it is not in the audit log, and the model's ETag stays.
/// </summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
/// <param name="documents">Where ratings are.</param>
/// <param name="registry">Where the models are.</param>
/// <param name="time">For the time of a rating.</param>
public sealed class RatingStore(IDocumentStore documents, ModelRegistry registry, TimeProvider time)
{
    /// <summary>The most stars; the least are 1.</summary>
    public const int MaxStars = 5;

    private const int PageSize = 1000;

    private readonly DocumentUpdater<Rating> _updater = new(documents, Rating.Collection);

    /// <summary>Sets a caller's rating of a model.</summary>
    /// <exception cref="InvalidRequestException">The stars are not 1 to 5.</exception>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    public async Task SetAsync(ModelName name, string caller, int stars, CancellationToken cancellationToken = default)
    {
        if (stars is < 1 or > MaxStars)
            throw new InvalidRequestException($"stars must be 1 to {MaxStars}; it is {stars}.");
        var model = await registry.GetAsync(name, cancellationToken);
        var rating = new Rating { By = caller, Stars = stars, When = time.GetUtcNow(), ModelCreated = model.Created };
        await _updater.UpdateAsync(model.Name, Rating.IdOf(caller), $"the rating of {model.Name}", (Document<Rating>? _) => rating, cancellationToken);
    }

    /// <summary>Takes a caller's rating of a model away.</summary>
    /// <returns>False when there was none.</returns>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    public async Task<bool> RemoveAsync(ModelName name, string caller, CancellationToken cancellationToken = default)
    {
        var model = await registry.GetAsync(name, cancellationToken);
        for (var backoff = new Backoff($"the rating of {model.Name}"); ; await backoff.NextAsync(cancellationToken))
        {
            if (await documents.GetAsync(Rating.Collection, model.Name, Rating.IdOf(caller), cancellationToken) is not { } found)
                return false;
            if (await documents.TryDeleteAsync(Rating.Collection, found, cancellationToken))
                return found.Value.ModelCreated == model.Created;
        }
    }

    /// <summary>The ratings of a model together.</summary>
    /// <param name="name">The model.</param>
    /// <param name="caller">Whose own stars are to be told.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    public async Task<(RatingSummary Ratings, int? Own)> GetAsync(ModelName name, string caller, CancellationToken cancellationToken = default)
    {
        var model = await registry.GetAsync(name, cancellationToken);
        var ratings = await OfAsync(model, cancellationToken);
        return (RatingSummary.Of(ratings), ratings.Find(rating => rating.By == caller)?.Stars);
    }

    /// <summary>The ratings of a model together, for one who has read the model.</summary>
    public async Task<RatingSummary> SummaryAsync(Model model, CancellationToken cancellationToken = default) => RatingSummary.Of(await OfAsync(model, cancellationToken));

    /// <summary>All ratings, by the name of the model and the time at which it was created.</summary>
    public async Task<IReadOnlyDictionary<(string Model, DateTimeOffset Created), RatingSummary>> AllAsync(CancellationToken cancellationToken = default)
    {
        var all = new List<(string Model, Rating Rating)>();
        await foreach (var found in documents.ScanAllAsync(Rating.Collection, PageSize, cancellationToken))
            all.Add((found.Partition, found.Value));
        return all.GroupBy(one => (one.Model, one.Rating.ModelCreated), one => one.Rating).ToDictionary(group => group.Key, RatingSummary.Of);
    }

    /// <summary>Deletes the ratings of models that are gone for good.</summary>
    /// <returns>How many.</returns>
    public async Task<int> CollectAsync(CancellationToken cancellationToken = default)
    {
        var (removed, partition, created) = (0, "", (DateTimeOffset?)null);
        await foreach (var found in documents.ScanAllAsync(Rating.Collection, PageSize, cancellationToken))
        {
            if (partition != found.Partition)
            {
                partition = found.Partition;
                // One that can be restored keeps its ratings.
                created = await registry.Store.FindAsync(ModelName.Parse(partition), cancellationToken) is { Value: { Deleted: false } or { Deletion: not null } } model ? model.Value.Created : null;
            }
            if (found.Value.ModelCreated != created)
                removed += await documents.TryDeleteAsync(Rating.Collection, found, cancellationToken) ? 1 : 0;
        }
        return removed;
    }

    private async Task<List<Rating>> OfAsync(Model model, CancellationToken cancellationToken)
    {
        var ratings = new List<Rating>();
        await foreach (var found in documents.ListAllAsync(Rating.Collection, model.Name, PageSize, cancellationToken))
        {
            if (found.Value.ModelCreated == model.Created)
                ratings.Add(found.Value);
        }
        return ratings;
    }
}

/// <summary>What several callers think of a model.</summary>
/// <param name="Count">How many have rated it.</param>
/// <param name="Mean">The mean of their stars, 1 to 5; null without ratings.</param>
public sealed record RatingSummary(int Count, double? Mean)
{
    /// <summary>No ratings.</summary>
    public static RatingSummary None { get; } = new(0, null);

    internal static RatingSummary Of(IEnumerable<Rating> ratings)
    {
        var stars = ratings.Select(rating => rating.Stars).ToList();
        return stars.Count == 0 ? None : new RatingSummary(stars.Count, stars.Average());
    }
}

/// <summary>A caller's rating of a model, as it is stored.</summary>
internal sealed record Rating
{
    public static readonly DocumentCollection<Rating> Collection = RegistryJson.Collection<Rating>("ratings") with { IsListedWhole = true };

    /// <summary>The caller's name.</summary>
    public required string By { get; init; }

    /// <summary>1 to 5.</summary>
    public required int Stars { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset When { get; init; }

    /// <summary>When the model was created that the rating is for.</summary>
    public required DateTimeOffset ModelCreated { get; init; }

    /// <summary>The id of a caller's rating in the partition of a model.</summary>
    public static string IdOf(string caller) => TextHash.Of(caller);
}
