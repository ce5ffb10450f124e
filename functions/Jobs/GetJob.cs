using System.ComponentModel;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions;

/// <summary>One job.</summary>
public sealed class GetJob(JobStore jobs)
{
    /// <summary>The job, with its steps and their times.</summary>
    [Function("GetJob"), Description("A job, its steps and what came of it.")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/v1/jobs/{job}")] HttpRequest request,
        string job,
        CancellationToken cancellationToken)
    {
        JobQuery.RequireKnown(request);
        return Envelope.Ok("Job provided").With("job", JobView.Of(await jobs.GetAsync(job, cancellationToken)));
    }
}
