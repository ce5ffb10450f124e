using Larder.Tracking.LoggedModels;

namespace Larder.Lineage.Kinds;

/// <summary>Logged models of MLflow: the run that made them. Which runs read them, <see cref="RunKind"/> knows from the runs' side only.</summary>
internal sealed class LoggedModelKind(LoggedModelStore models) : ILineageKind
{
    public const string Name = "logged-model";

    public string Kind => Name;

    public static LineageKey KeyOf(string id) => new(Name, id);

    public async Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        var model = await ReadAsync(id, walk, cancellationToken);
        return new LineageNode(
            KeyOf(id), model.Name, DateTimeOffset.FromUnixTimeMilliseconds(model.CreationTime), LoggedModelStore.NameOf(model.Status), $"/api/2.0/mlflow/logged-models/{id}", $"/ui/lineage/{Name}/{id}");
    }

    public async Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken) =>
        (way, node.Kind) == (LineageWay.Sources, Name) && (await ReadAsync(node.Id, walk, cancellationToken)).SourceRunId is { } run ? [new LineageNeighbour(RunKind.KeyOf(run), LineageRelations.Made)] : [];

    private Task<LoggedModel> ReadAsync(string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        RunKind.RequireAll(walk.Caller);
        return walk.OnceAsync((typeof(LoggedModel), id), () => models.GetAsync(id, cancellationToken));
    }
}
