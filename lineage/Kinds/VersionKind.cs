using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Text;
using Larder.Tracking.LoggedModels;

namespace Larder.Lineage.Kinds;

/// <summary>Versions of models: the job, run or logged model that they come from, and the optimised version beside them.</summary>
internal sealed class VersionKind(ModelRegistry registry, ModelSearch search, ModelScopes scopes) : ILineageKind
{
    public const string Name = "version";

    private const string LoggedModelScheme = "models:/";

    public string Kind => Name;

    public static LineageKey KeyOf(string model, int version) => new(Name, $"{model}:{version}");

    /// <summary>A version and its model, for a caller.</summary>
    public static async Task<ResolvedModel> ReadAsync(ModelRegistry registry, ModelScopes scopes, string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        var reference = ModelReference.Parse(id);
        if (reference.Version is null)
            throw new InvalidRequestException($"The id of a version is a model's name and a number, such as iris:3; got {Quoted.Text(id)}.");
        await scopes.RequireAsync(walk.Caller, reference.Name, cancellationToken);
        return await walk.OnceAsync((typeof(ModelVersion), id), () => registry.ResolveAsync(reference, cancellationToken));
    }

    public async Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken) =>
        NodeOf((await ReadAsync(registry, scopes, id, walk, cancellationToken)).Version);

    public async Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken)
    {
        switch (way, node.Kind)
        {
            case (LineageWay.Sources, Name):
                return [.. SourcesOf((await ReadAsync(registry, scopes, node.Id, walk, cancellationToken)).Version)];
            case (LineageWay.Results, Name):
                var version = (await ReadAsync(registry, scopes, node.Id, walk, cancellationToken)).Version;
                return version.OptimizedTo is { } optimized ? [new LineageNeighbour(KeyOf(version.Model, optimized), LineageRelations.Optimized)] : [];
            // Ids of runs and logged models are letters, digits and dashes: they need no escape in a filter.
            case (LineageWay.Results, RunKind.Name):
                return await FoundAsync($"run_id = '{node.Id}'", LineageRelations.Made, walk, cancellationToken);
            case (LineageWay.Results, LoggedModelKind.Name):
                return await FoundAsync($"source_path = '{LoggedModelScheme}{node.Id}'", LineageRelations.Registered, walk, cancellationToken);
            default:
                return [];
        }
    }

    private static LineageNode NodeOf(ModelVersion version) => new(
        KeyOf(version.Model, version.Version),
        $"{version.Model}:{version.Version}",
        version.Created,
        version.Status.ToString().ToUpperInvariant(),
        $"/api/v1/models/{version.Model}:{version.Version}",
        $"/ui/models/{version.Model}:{version.Version}");

    private static IEnumerable<LineageNeighbour> SourcesOf(ModelVersion version)
    {
        // The twin comes from its version, which comes from the job.
        if (version.OptimizedFrom is { } original)
        {
            yield return new LineageNeighbour(KeyOf(version.Model, original), LineageRelations.Optimized);
            yield break;
        }
        if (version.Job is { } job)
            yield return new LineageNeighbour(JobKind.KeyOf(job), LineageRelations.Made);
        if (version.Run is { } run)
            yield return new LineageNeighbour(RunKind.KeyOf(run), LineageRelations.Made);
        if (version.Source.StartsWith(LoggedModelScheme, StringComparison.Ordinal) && version.Source[LoggedModelScheme.Length..] is var model && LoggedModelStore.IsId(model))
            yield return new LineageNeighbour(LoggedModelKind.KeyOf(model), LineageRelations.Registered);
    }

    private async Task<IReadOnlyList<LineageNeighbour>> FoundAsync(string filter, string relation, LineageWalk walk, CancellationToken cancellationToken)
    {
        var page = await search.VersionsAsync(new RegistrySearch(filter, [], walk.Records, Token: null), model => walk.Caller.Scope?.Covers(model) != false, cancellationToken);
        if (page.Cursor is not null)
            walk.Truncate();
        return [.. page.Items.Where(found => found.Version.OptimizedFrom is null).Select(found => new LineageNeighbour(NodeOf(found.Version), relation))];
    }
}
