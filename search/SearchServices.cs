using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Storage;
using Larder.Search.Sources;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Search;

/// <summary>Puts the room together.</summary>
public static class SearchServices
{
    /// <summary>Registers the search over all that there is today. <see cref="DocumentChanges"/>, which the document store notes changes in, is the application's.</summary>
    public static void AddSearchEngine(this IServiceCollection services)
    {
        services.AddSingleton<ISearchSource, ModelSource>();
        services.AddSingleton<ISearchSource, DatasetSource>();
        services.AddSingleton<ISearchSource, RunSource>();
        services.AddSingleton<ISearchSource, JobSource>();
        services.AddSingleton(provider => new ItemIndex(provider.GetServices<ISearchSource>(), provider.GetRequiredService<DocumentChanges>()));
        services.AddSingleton(provider => new SearchEngine(
            provider.GetRequiredService<ItemIndex>(), provider.GetRequiredService<ModelScopes>(), provider.GetRequiredService<JobAccess>(), provider.GetRequiredService<SearchWeights>(), provider.GetRequiredService<TimeProvider>()));
    }
}
