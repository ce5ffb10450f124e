using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Storage;
using Larder.Search.Sources;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Search;

/// <summary>Puts the room together.</summary>
public static class SearchServices
{
    // What the sources are made of.
    private static readonly string[] Collections = ["models", "versions", "ratings", "datasets", "runs", "jobs"];

    /// <summary>Registers the search over all that there is today, and <see cref="DocumentChanges"/>, which the application's document store notes changes in.</summary>
    public static void AddSearchEngine(this IServiceCollection services)
    {
        services.AddSingleton(new DocumentChanges(Collections));
        services.AddSingleton<ISearchSource, ModelSource>();
        services.AddSingleton<ISearchSource, DatasetSource>();
        services.AddSingleton<ISearchSource, RunSource>();
        services.AddSingleton<ISearchSource, JobSource>();
        services.AddSingleton(provider => new ItemIndex(provider.GetServices<ISearchSource>(), provider.GetRequiredService<DocumentChanges>()));
        services.AddSingleton(provider => new SearchEngine(
            provider.GetRequiredService<ItemIndex>(), provider.GetRequiredService<ModelScopes>(), provider.GetRequiredService<JobAccess>(), provider.GetRequiredService<SearchWeights>(), provider.GetRequiredService<TimeProvider>()));
    }
}
