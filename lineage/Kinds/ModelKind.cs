using Larder.Registry.Access;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Lineage.Kinds;

/// <summary>A model with all its versions: the lineage of each.</summary>
internal sealed class ModelKind(ModelRegistry registry, ModelScopes scopes) : ILineageKind
{
    private const string Name = "model";

    public string Kind => Name;

    public async Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(id);
        await scopes.RequireAsync(walk.Caller, name, cancellationToken);
        var model = await registry.GetAsync(name, cancellationToken);
        var versions = new List<int>();
        await foreach (var version in Listing.AllAsync(cursor => registry.ListVersionsAsync(name, ModelRegistry.MaxPage, cursor, cancellationToken)))
            versions.Add(version.Version);
        return new LineageNode(new LineageKey(Name, name), name, model.Created, null, $"/api/v1/models/{name}", $"/ui/models/{name}")
        {
            // The newest first: what a limit leaves out is old.
            Parts = [.. versions.OrderDescending().Select(version => VersionKind.KeyOf(name, version))],
        };
    }

    public Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<LineageNeighbour>>([]);
}
