using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Access;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Jobs;

/// <summary>Deletion of jobs that are over.</summary>
public sealed class DeleteJob(JobAccess access, JobStore jobs, JobFiles files, TrainingRuns runs)
{
    /// <summary>Deletes a job, its logs, outputs and run. What it made stays. 409 while it is not over.</summary>
    [Function("DeleteJob"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Delete a job that is over: document, logs, outputs.")]
    [Query, Answers(typeof(Answer))]
    public async Task<IActionResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/jobs/{job}")] HttpRequest request,
        string job,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var found = await access.OpenAsync(request.Caller(), job, JobWay.Delete, cancellationToken);

        // The document last: until then, deleting again takes up what a crash left.
        if (found.IsFinal)
        {
            await JobScheduler.ForgetAsync(client, found, cancellationToken);
            await files.DeleteAsync(found.Id, cancellationToken);
            await runs.DeleteAsync(found, cancellationToken);
        }
        await jobs.DeleteAsync(found.Id, cancellationToken);
        return Envelope.Ok($"Job {found.Id} removed successfully");
    }
}
