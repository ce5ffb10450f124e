using Larder.Lineage.Kinds;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Lineage;

/// <summary>Puts the room together.</summary>
public static class LineageServices
{
    /// <summary>Registers the kinds of nodes that there are today.</summary>
    public static void AddLineageKinds(this IServiceCollection services)
    {
        services.AddSingleton<LineageLists>();
        services.AddSingleton<ILineageKind, DatasetKind>();
        services.AddSingleton<ILineageKind, FileKind>();
        services.AddSingleton<ILineageKind, JobKind>();
        services.AddSingleton<ILineageKind, RunKind>();
        services.AddSingleton<ILineageKind, RunDatasetKind>();
        services.AddSingleton<ILineageKind, LoggedModelKind>();
        services.AddSingleton<ILineageKind, ModelKind>();
        services.AddSingleton<ILineageKind, VersionKind>();
        services.AddSingleton<ILineageKind, AliasKind>();
    }
}
