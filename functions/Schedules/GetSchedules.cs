using System.ComponentModel;
using System.Globalization;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Schedules;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Schedules;

/// <summary>Lists schedules and their runs.</summary>
public sealed class GetSchedules(ScheduleStore schedules, ScheduleEditor editor, JobAccess access, ScheduleAnswers answers)
{
    private const int Shown = 5;

    /// <summary>A page of the schedules that match the query, the newest first, and how many match in all.</summary>
    [Function("ListSchedules"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Schedules; ?model=&type=&enabled=&limit=&cursor=.")]
    [Query("type", "model", "enabled", "limit", "cursor"), Answers(typeof(ScheduleListAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/schedules")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var limit = (int?)QueryParameters.Number(request, "limit", 1, ScheduleStore.MaxPage) ?? 100;
        var page = await schedules.ListAsync(Filter(request) with { Shown = await access.ShownAsync(request.Caller(), cancellationToken) }, limit, QueryParameters.Text(request, "cursor"), cancellationToken);
        return Envelope.Ok("Schedule list provided", new ScheduleListAnswer
        {
            Schedules = await answers.OfAsync(page.Items, cancellationToken),
            NextCursor = page.Cursor,
            Total = page.Total,
        });
    }

    /// <summary>A schedule, with the next times that it runs, and an ETag for <c>If-Match</c>.</summary>
    [Function("GetSchedule"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("A schedule, its last run and its next five.")]
    [Query, Answers(typeof(ScheduleAnswer))]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/schedules/{schedule}")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken)
    {
        var found = await editor.OpenAsync(schedule, request.Caller(), cancellationToken);
        return Envelope.Ok("Schedule provided", new ScheduleAnswer
        {
            Schedule = await answers.OfAsync(found, cancellationToken),
            NextRuns = [.. editor.NextRuns(found, Shown)],
        }).WithETag($"{found.Revision}");
    }

    /// <summary>The newest runs of a schedule, with the state of their jobs.</summary>
    [Function("ListScheduleRuns"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The newest runs of a schedule; ?limit=&cursor=.")]
    [Query("limit", "cursor"), Answers(typeof(ScheduleRunListAnswer))]
    public async Task<IActionResult> ListRuns(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/schedules/{schedule}/runs")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken)
    {
        var limit = (int?)QueryParameters.Number(request, "limit", 1, ScheduleStore.MaxRuns) ?? ScheduleStore.MaxRuns;
        var before = QueryParameters.Number(request, "cursor", 1, int.MaxValue) ?? int.MaxValue;
        var runs = (await editor.OpenAsync(schedule, request.Caller(), cancellationToken)).Progress.Runs.Where(run => run.Number < before).ToList();
        return Envelope.Ok("Schedule runs provided", new ScheduleRunListAnswer
        {
            Runs = await answers.OfAsync(runs.Take(limit), cancellationToken),
            NextCursor = runs.Count > limit ? runs[limit - 1].Number.ToString(CultureInfo.InvariantCulture) : null,
        });
    }

    private static ScheduleFilter Filter(HttpRequest request)
    {
        return new ScheduleFilter
        {
            Model = QueryParameters.Model(request),
            Types = QueryParameters.Types(request),
            Enabled = request.Query.ContainsKey("enabled") ? request.Flag("enabled") : null,
        };
    }
}
