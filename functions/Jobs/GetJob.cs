using System.ComponentModel;
using System.Text.Json;
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

/// <summary>One job.</summary>
public sealed class GetJob(JobAccess access)
{
    /// <summary>The job, with its steps and their times; while it is not over also <c>status</c>, what its orchestration says it is doing.</summary>
    [Function("GetJob"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("A job, its steps and what came of it.")]
    [Query, Answers(typeof(JobAnswer))]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/jobs/{job}")] HttpRequest request,
        string job,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var found = await access.OpenAsync(request.Caller(), job, JobWay.See, cancellationToken);
        JsonElement? status = null;
        // An accepted job has no instance for a moment, or for a minute when a crash came in between. Custom statuses are read with inputs and outputs only.
        if (!found.IsFinal
            && await client.GetInstanceAsync(found.Id, getInputsAndOutputs: true, cancellationToken) is { SerializedCustomStatus: { Length: > 0 } custom })
        {
            status = JsonSerializer.Deserialize<JsonElement>(custom);
        }

        return Envelope.Ok("Job provided", new JobAnswer { Job = JobAnswers.Of(found, status) });
    }
}
