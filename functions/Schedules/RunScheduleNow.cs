using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Schedules;

/// <summary>Runs a schedule's job at a caller's request.</summary>
public sealed class RunScheduleNow(ScheduleEditor editor)
{
    /// <summary>Runs it now, paused or not. With the header <c>Idempotency-Key</c>, asking again answers the same job.</summary>
    [Function("RunScheduleNow"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Run a schedule's job now.")]
    [Query, Takes, TakesHeaders(IdempotencyKey.Header), Answers(typeof(JobAnswer), StatusCodes.Status202Accepted)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/schedules/{schedule}/run")] HttpRequest request,
        string schedule,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var key = IdempotencyKey.Of(request);
        var job = await editor.RunNowAsync(client, schedule, key, request.Caller(), cancellationToken);
        return JobAnswers.Accepted(job, $"The run of schedule {schedule} is job {job.Id}");
    }
}
