using System.ComponentModel;
using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Schedules;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Dashboard;

/// <summary>The pages of schedules, and the forms on them.</summary>
internal sealed class SchedulePages(Pages pages, PageForms forms, GetSchedules lists, ScheduleEditor editor, ScheduleAnswers answers)
{
    private const int NextRuns = 5;
    private const int Runs = 50;

    /// <summary>The list.</summary>
    [Function("UiSchedules"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The page of schedules.")]
    [Query("type", "model", "enabled", "cursor"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/schedules")] HttpRequest request,
        CancellationToken cancellationToken) =>
        await pages.ShowAsync<SchedulesPage>(request, new() { [nameof(SchedulesPage.Answer)] = ((Envelope)await lists.List(request, cancellationToken)).Answer });

    /// <summary>A schedule, its next runs and its last ones.</summary>
    [Function("UiSchedule"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The page of a schedule.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/schedules/{schedule}")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken)
    {
        var found = await editor.OpenAsync(schedule, request.Caller(), cancellationToken);
        return await pages.ShowAsync<SchedulePage>(request, new()
        {
            [nameof(SchedulePage.Schedule)] = await answers.OfAsync(found, cancellationToken),
            [nameof(SchedulePage.NextRuns)] = editor.NextRuns(found, NextRuns),
            [nameof(SchedulePage.Runs)] = await answers.OfAsync(found.Progress.Runs.Take(Runs), cancellationToken),
        });
    }

    /// <summary>Pauses it.</summary>
    [Function("UiPauseSchedule"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Pauses a schedule, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public Task<IActionResult> Pause(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/schedules/{schedule}/pause")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken) => EnableAsync(request, schedule, enabled: false, "The schedule is paused.", cancellationToken);

    /// <summary>Lets it go on.</summary>
    [Function("UiResumeSchedule"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Lets a schedule go on, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public Task<IActionResult> Resume(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/schedules/{schedule}/resume")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken) => EnableAsync(request, schedule, enabled: true, "The schedule goes on.", cancellationToken);

    /// <summary>Runs it now.</summary>
    [Function("UiRunSchedule"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Runs a schedule's job now, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/schedules/{schedule}/run")] HttpRequest request,
        string schedule,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        await forms.ReadAsync(request, cancellationToken);
        var job = await editor.RunNowAsync(client, schedule, key: null, request.Caller(), cancellationToken);
        return pages.Go(request, $"/ui/jobs/{job.Id}", "The schedule runs now, as this job.");
    }

    private async Task<IActionResult> EnableAsync(HttpRequest request, string schedule, bool enabled, string notice, CancellationToken cancellationToken)
    {
        await forms.ReadAsync(request, cancellationToken);
        var after = await editor.EnableAsync(schedule, revision: null, enabled, request.Caller(), cancellationToken);
        return pages.Go(request, $"/ui/schedules/{after.Id}", notice);
    }
}
