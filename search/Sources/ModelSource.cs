using System.Runtime.CompilerServices;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Ratings;
using Larder.Registry.Storage;

namespace Larder.Search.Sources;

/// <summary>Models, each with its versions.</summary>
internal sealed class ModelSource(ModelRegistry registry, RatingStore ratings) : ISearchSource
{
    private const string Prefix = "model/";

    public static string UseOf(string model) => $"model/{model}";

    public static string UseOf(string model, int version) => $"version/{model}:{version}";

    public string? GroupOf(string collection, string partition, string id) => collection is "models" or "versions" or "ratings" ? Prefix + partition : null;

    public async IAsyncEnumerable<(string Group, IReadOnlyList<SearchItem> Items)> ScanAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rated = await ratings.AllAsync(cancellationToken);
        await foreach (var model in Listing.AllAsync(cursor => registry.ListAsync(ModelRegistry.MaxPage, cursor, cancellationToken: cancellationToken)))
            yield return (Prefix + model.Name, await ItemsAsync(model, rated.GetValueOrDefault((model.Name, model.Created)) ?? RatingSummary.None, cancellationToken));
    }

    public async Task<IReadOnlyList<SearchItem>> ReadAsync(string group, CancellationToken cancellationToken)
    {
        try
        {
            var model = await registry.GetAsync(ModelName.Parse(group[Prefix.Length..]), cancellationToken);
            return await ItemsAsync(model, await ratings.SummaryAsync(model, cancellationToken), cancellationToken);
        }
        catch (Exception e) when (e is NotFoundException or InvalidRequestException)
        {
            return [];
        }
    }

    private async Task<IReadOnlyList<SearchItem>> ItemsAsync(Model model, RatingSummary rating, CancellationToken cancellationToken)
    {
        var items = new List<SearchItem> { Of(model) with { Rating = rating } };
        try
        {
            await foreach (var version in Listing.AllAsync(cursor => registry.ListVersionsAsync(model.Name, ModelRegistry.MaxPage, cursor, cancellationToken)))
                items.Add(Of(model, version) with { Rating = rating });
        }
        catch (NotFoundException)
        {
            // It was deleted since it was listed.
            return [];
        }
        return items;
    }

    private static SearchItem Of(Model model) => new()
    {
        Kind = "model",
        Id = model.Name,
        Title = model.Name,
        Link = $"/api/v1/models/{model.Name}",
        Page = $"/ui/models/{model.Name}",
        Model = model.Name,
        Owner = model.Owner,
        Description = model.Description,
        Words = [.. model.Aliases.Keys],
        Tags = model.Tags,
        Created = model.Created,
        Updated = model.Updated,
        UsedAs = UseOf(model.Name),
    };

    private static SearchItem Of(Model model, ModelVersion version) => new()
    {
        Kind = "version",
        Id = $"{version.Model}:{version.Version}",
        Title = $"{version.Model}:{version.Version}",
        Link = $"/api/v1/models/{version.Model}:{version.Version}",
        Page = $"/ui/models/{version.Model}:{version.Version}",
        Model = version.Model,
        VersionKind = version.Kind,
        Owner = version.CreatedBy ?? model.Owner,
        State = version.Status.ToString().ToUpperInvariant(),
        Description = version.Description,
        Words = [version.FileName ?? "", version.Source, .. version.Labels.Take(100), .. version.Features.Take(100).Select(feature => feature.Name), .. model.Aliases.Where(alias => alias.Value == version.Version).Select(alias => alias.Key)],
        Tags = version.Tags,
        Metrics = version.Metrics,
        Created = version.Created,
        Updated = version.Updated ?? version.Created,
        UsedAs = UseOf(version.Model, version.Version),
    };
}
