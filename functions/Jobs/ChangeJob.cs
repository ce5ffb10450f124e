using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Jobs;

/// <summary>Ends jobs early and runs them again.</summary>
public sealed class ChangeJob(JobScheduler scheduler, JobSubmitter submitter)
{
    /// <summary>Asks a job to end. It becomes <c>canceled</c> when nothing of it runs any more; asking again changes nothing.</summary>
    [Function("CancelJob"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("End a job; it is final when nothing of it runs.")]
    [Query, Takes, Answers(typeof(JobAnswer), StatusCodes.Status202Accepted), Answers(typeof(JobAnswer))]
    public async Task<IActionResult> Cancel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/jobs/{job}/cancel")] HttpRequest request,
        string job,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var found = await scheduler.CancelAsync(client, job, request.Caller(), cancellationToken);
        return found.IsFinal
            ? Envelope.Ok($"Job {job} is canceled", new JobAnswer { Job = JobAnswers.Of(found) })
            : JobAnswers.Accepted(found, $"Job {job} is being canceled");
    }

    /// <summary>Runs a job that has ended again: a new job with the same inputs and options.</summary>
    [Function("RetryJob"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Run an ended job again, with the same inputs.")]
    [Query, Takes, Answers(typeof(JobAnswer), StatusCodes.Status202Accepted)]
    public async Task<IActionResult> Retry(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/jobs/{job}/retry")] HttpRequest request,
        string job,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var again = await scheduler.SubmitAndStartAsync(client, submitter.RetryAsync(job, request.Caller(), key: null, cancellationToken));
        return JobAnswers.Accepted(again, $"Job {job} runs again as job {again.Id}");
    }
}
