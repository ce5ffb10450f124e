using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Http;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Schedules;

namespace Larder.Functions.Schedules;

/// <summary>Schedules and their runs as the API shows them: with what has become of their jobs, and without secrets.</summary>
public sealed class ScheduleViews(JobStore jobs)
{
    // Point reads at the same time.
    private const int Parallelism = 16;

    private static readonly string[] Hidden = ["secrets", "progress", "deleted", "outbox"];

    /// <summary>Schedules.</summary>
    internal async Task<IReadOnlyList<JsonObject>> OfAsync(IEnumerable<Schedule> schedules, CancellationToken cancellationToken)
    {
        var views = new List<JsonObject>();
        foreach (var some in schedules.Chunk(Parallelism))
            views.AddRange(await Task.WhenAll(some.Select(schedule => OfAsync(schedule, cancellationToken))));
        return views;
    }

    /// <summary>A schedule.</summary>
    internal async Task<JsonObject> OfAsync(Schedule schedule, CancellationToken cancellationToken)
    {
        var view = JsonSerializer.SerializeToNode(schedule, Json.Options)!.AsObject();
        foreach (var member in Hidden)
            view.Remove(member);
        view["next_run"] = JsonSerializer.SerializeToNode(schedule.Progress.NextRun, Json.Options);
        view["waiting"] = JsonSerializer.SerializeToNode(schedule.Progress.Waiting, Json.Options);
        view["last_run"] = schedule.Progress.LastRun is { } run ? await OfAsync(run, cancellationToken) : null;
        return view;
    }

    /// <summary>Runs.</summary>
    internal async Task<IReadOnlyList<JsonObject>> OfAsync(IEnumerable<ScheduleRun> runs, CancellationToken cancellationToken)
    {
        var views = new List<JsonObject>();
        foreach (var some in runs.Chunk(Parallelism))
            views.AddRange(await Task.WhenAll(some.Select(run => OfAsync(run, cancellationToken))));
        return views;
    }

    private async Task<JsonObject> OfAsync(ScheduleRun run, CancellationToken cancellationToken)
    {
        var view = JsonSerializer.SerializeToNode(run, Json.Options)!.AsObject();
        var job = run.Job is null ? null : await FindAsync(run.Job, cancellationToken);
        view["state"] = JsonSerializer.SerializeToNode(job?.State, Json.Options);
        view["version"] = job?.Version;
        view["finished"] = JsonSerializer.SerializeToNode(job?.Finished, Json.Options);
        view["reason"] = run.Reason ?? job?.Reason;
        return view;
    }

    private async Task<Job?> FindAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await jobs.GetAsync(id, cancellationToken);
        }
        catch (NotFoundException)
        {
            // Deleted since.
            return null;
        }
    }
}
