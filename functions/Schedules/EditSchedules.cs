using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Schedules;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Schedules;

/// <summary>Creates, changes and deletes schedules.</summary>
public sealed class EditSchedules(ScheduleEditor editor, ScheduleAnswers answers)
{
    /// <summary>Creates a schedule.</summary>
    [Function("CreateSchedule"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Run a job by the clock: {\"name\", \"cron\", \"time_zone\", \"job\", \"overlap\", \"missed\"}.")]
    [Query, Takes(nameof(ScheduleBody.Body), Of = typeof(ScheduleBody)), Answers(typeof(ScheduleAnswer), StatusCodes.Status201Created)]
    public async Task<IActionResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/schedules")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var made = await editor.CreateAsync(await ScheduleBody.ReadAsync(request, cancellationToken), request.Caller(), cancellationToken);
        return (await AnswerAsync($"{made.Name} is schedule {made.Id}", made, cancellationToken, StatusCodes.Status201Created))
            .WithLocation($"/api/v1/schedules/{made.Id}");
    }

    /// <summary>Replaces a schedule. Honours <c>If-Match</c>.</summary>
    [Function("ReplaceSchedule"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Replace a schedule: all of it.")]
    [Query, Takes(nameof(ScheduleBody.Body), Of = typeof(ScheduleBody)), TakesHeaders(EntityTags.IfMatch), Answers(typeof(ScheduleAnswer))]
    public async Task<IActionResult> Replace(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/schedules/{schedule}")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken)
    {
        var patch = await ScheduleBody.ReadAsync(request, cancellationToken);
        var after = await editor.ReplaceAsync(schedule, request.IfMatch(), patch, request.Caller(), cancellationToken);
        return await AnswerAsync($"Schedule {schedule} replaced", after, cancellationToken);
    }

    /// <summary>Changes the members that the body has; the rest stays. Honours <c>If-Match</c>.</summary>
    [Function("ChangeSchedule"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Change a schedule: what is named.")]
    [Query, Takes(nameof(ScheduleBody.Body), Of = typeof(ScheduleBody)), TakesHeaders(EntityTags.IfMatch), Answers(typeof(ScheduleAnswer))]
    public async Task<IActionResult> Change(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", "patch", Route = "api/v1/schedules/{schedule}")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken)
    {
        var patch = await ScheduleBody.ReadAsync(request, cancellationToken);
        var after = await editor.ChangeAsync(schedule, request.IfMatch(), patch, request.Caller(), cancellationToken);
        return await AnswerAsync($"Schedule {schedule} updated", after, cancellationToken);
    }

    /// <summary>Deletes a schedule. Its jobs stay, running ones too. Honours <c>If-Match</c>.</summary>
    [Function("DeleteSchedule"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Delete a schedule; its jobs stay.")]
    [Query, TakesHeaders(EntityTags.IfMatch), Answers(typeof(Answer))]
    public async Task<IActionResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/schedules/{schedule}")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken)
    {
        await editor.DeleteAsync(schedule, request.IfMatch(), request.Caller(), cancellationToken);
        return Envelope.Ok($"Schedule {schedule} removed successfully");
    }

    /// <summary>Pauses a schedule. Runs that fall into the pause, and runs that were waiting, are dropped; jobs that run already go on.</summary>
    [Function("PauseSchedule"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Pause a schedule.")]
    [Query, Takes, TakesHeaders(EntityTags.IfMatch), Answers(typeof(ScheduleAnswer))]
    public async Task<IActionResult> Pause(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/schedules/{schedule}/pause")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken)
    {
        var after = await editor.EnableAsync(schedule, request.IfMatch(), enabled: false, request.Caller(), cancellationToken);
        return await AnswerAsync($"Schedule {schedule} is paused", after, cancellationToken);
    }

    /// <summary>Lets a paused schedule go on.</summary>
    [Function("ResumeSchedule"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Let a paused schedule go on.")]
    [Query, Takes, TakesHeaders(EntityTags.IfMatch), Answers(typeof(ScheduleAnswer))]
    public async Task<IActionResult> Resume(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/schedules/{schedule}/resume")] HttpRequest request,
        string schedule,
        CancellationToken cancellationToken)
    {
        var after = await editor.EnableAsync(schedule, request.IfMatch(), enabled: true, request.Caller(), cancellationToken);
        return await AnswerAsync($"Schedule {schedule} runs", after, cancellationToken);
    }

    private async Task<Envelope> AnswerAsync(string description, Schedule schedule, CancellationToken cancellationToken, int status = StatusCodes.Status200OK) =>
        new Envelope(status, description, new ScheduleAnswer { Schedule = await answers.OfAsync(schedule, cancellationToken) }).WithETag($"{schedule.Revision}");
}
