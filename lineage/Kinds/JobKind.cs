using System.Text.Json;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Jobs;

namespace Larder.Lineage.Kinds;

/// <summary>Jobs: what they made, and which versions they used. What data they were given, <see cref="DatasetKind"/> and <see cref="FileKind"/> know.</summary>
internal sealed class JobKind(JobAccess access, IEnumerable<IJobType> types, LineageLists lists) : ILineageKind
{
    private readonly HashSet<string> _using = [.. types.Where(type => type.KeepsVersion).Select(type => type.Name)];

    public const string Name = "job";

    public string Kind => Name;

    public static LineageKey KeyOf(string id) => new(Name, id);

    public static LineageNode NodeOf(Job job) =>
        new(KeyOf(job.Id), $"{job.Type} {job.Model}", job.Created, JsonSerializer.SerializeToElement(job.State).GetString(), $"/api/v1/jobs/{job.Id}", $"/ui/jobs/{job.Id}");

    public static Task<Job> ReadAsync(JobAccess access, string id, LineageWalk walk, CancellationToken cancellationToken) =>
        walk.OnceAsync((typeof(Job), id), () => access.OpenAsync(walk.Caller, id, JobWay.See, cancellationToken));

    public async Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken) => NodeOf(await ReadAsync(access, id, walk, cancellationToken));

    public async Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken)
    {
        switch (way, node.Kind)
        {
            case (_, Name):
                var job = await ReadAsync(access, node.Id, walk, cancellationToken);
                return Of(job, way);
            case (LineageWay.Results, VersionKind.Name):
                return [.. (await lists.JobsAsync(walk, cancellationToken)).Where(job => UsedBy(job) == node).Select(job => new LineageNeighbour(NodeOf(job), RelationOf(job)))];
            default:
                return [];
        }
    }

    private LineageKey? UsedBy(Job job) => job.Version is { } version && _using.Contains(job.Type) ? VersionKind.KeyOf(job.Model, version) : null;

    private static string RelationOf(Job job) => job.Type == ScoreJob.Type ? LineageRelations.Scored : LineageRelations.Compared;

    private IReadOnlyList<LineageNeighbour> Of(Job job, LineageWay way)
    {
        if (way == LineageWay.Sources)
            return UsedBy(job) is { } used ? [new LineageNeighbour(used, RelationOf(job))] : [];
        var made = new List<LineageNeighbour>();
        if (job.Version is { } version && UsedBy(job) is null)
            made.Add(new LineageNeighbour(VersionKind.KeyOf(job.Model, version), LineageRelations.Made));
        if (job.Run is { } run)
            made.Add(new LineageNeighbour(RunKind.KeyOf(run), LineageRelations.Logged));
        return made;
    }
}
