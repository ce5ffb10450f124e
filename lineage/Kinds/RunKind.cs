using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Tracking.Runs;

namespace Larder.Lineage.Kinds;

/// <summary>Runs: whose job they are, what they read and what they logged. Runs are about all models, so a token with a scope sees none.</summary>
internal sealed class RunKind(RunStore runs) : ILineageKind
{
    public const string Name = "run";

    public string Kind => Name;

    public static LineageKey KeyOf(string id) => new(Name, id);

    public static LineageNode NodeOf(Run run) => new(
        KeyOf(run.Id), run.Name, DateTimeOffset.FromUnixTimeMilliseconds(run.StartTime), run.IsActive ? RunStore.NameOf(run.Status) : "DELETED", $"/api/2.0/mlflow/runs/get?run_id={run.Id}", $"/ui/runs/{run.Id}");

    /// <summary>Refuses callers who may not see what is about all models.</summary>
    public static void RequireAll(Caller caller)
    {
        if (caller.Scope is not null)
            throw new ForbiddenException($"Runs and logged models are about all models, and the token {caller.Name} has a scope: use a token without one.");
    }

    public static Task<Run> ReadAsync(RunStore runs, string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        RequireAll(walk.Caller);
        return walk.OnceAsync((typeof(Run), id), () => runs.GetAsync(id, cancellationToken));
    }

    public async Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken) => NodeOf(await ReadAsync(runs, id, walk, cancellationToken));

    public async Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken)
    {
        if (node.Kind != Name)
            return [];
        var run = await ReadAsync(runs, node.Id, walk, cancellationToken);
        if (way == LineageWay.Results)
            return [.. run.ModelOutputs.Select(model => new LineageNeighbour(LoggedModelKind.KeyOf(model.ModelId), LineageRelations.Made))];
        return
        [
            .. run.Job is { } job ? [new LineageNeighbour(JobKind.KeyOf(job), LineageRelations.Logged)] : Array.Empty<LineageNeighbour>(),
            .. run.ModelInputs.Select(model => new LineageNeighbour(LoggedModelKind.KeyOf(model), LineageRelations.Input)),
        ];
    }
}
