using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Text;

namespace Larder.Lineage.Kinds;

/// <summary>Aliases, <c>default</c> among them: the version that they stand for.</summary>
internal sealed class AliasKind(ModelRegistry registry, ModelScopes scopes) : ILineageKind
{
    private const string Name = "alias";

    public string Kind => Name;

    public async Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        var (model, alias, _) = await ReadAsync(id, walk, cancellationToken);
        return NodeOf(model, alias);
    }

    public async Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken)
    {
        switch (way, node.Kind)
        {
            case (LineageWay.Sources, Name):
                var (model, _, version) = await ReadAsync(node.Id, walk, cancellationToken);
                return [new LineageNeighbour(VersionKind.KeyOf(model, version), LineageRelations.Alias)];
            case (LineageWay.Results, VersionKind.Name):
                var resolved = await VersionKind.ReadAsync(registry, scopes, node.Id, walk, cancellationToken);
                return [.. AliasesOf(resolved).Select(alias => new LineageNeighbour(NodeOf(resolved.Model.Name, alias), LineageRelations.Alias))];
            default:
                return [];
        }
    }

    private static IEnumerable<string> AliasesOf(ResolvedModel resolved)
    {
        if (resolved.Model.ServedVersion == resolved.Version.Version)
            yield return ModelName.Default;
        foreach (var (alias, _) in resolved.Model.Aliases.Where(alias => alias.Value == resolved.Version.Version).OrderBy(alias => alias.Key, StringComparer.Ordinal))
            yield return alias;
    }

    private static LineageNode NodeOf(string model, string alias) =>
        new(new LineageKey(Name, $"{model}:{alias}"), $"{model}:{alias}", null, null, $"/api/v1/models/{model}:{alias}", $"/ui/models/{model}:{alias}");

    private async Task<(string Model, string Alias, int Version)> ReadAsync(string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        var reference = ModelReference.Parse(id);
        if (reference.Version is not null || !id.Contains(':'))
            throw new InvalidRequestException($"The id of an alias is a model's name and the alias, such as iris:champion; got {Quoted.Text(id)}.");
        await scopes.RequireAsync(walk.Caller, reference.Name, cancellationToken);
        var resolved = await walk.OnceAsync((typeof(AliasKind), id), () => registry.ResolveAsync(reference, cancellationToken));
        return (resolved.Model.Name, reference.Alias ?? ModelName.Default, resolved.Version.Version);
    }
}
