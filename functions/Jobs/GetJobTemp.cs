using System.ComponentModel;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions;

/// <summary>A job.</summary>
public sealed class GetJobTemp(JobStore jobs, JobLog log)
{
    /// <summary>The job.</summary>
    [Function("GetJob"), Description("A job.")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/v1/jobs/{job}")] HttpRequest request, string job, CancellationToken cancellationToken) =>
        Envelope.Ok("Job provided").With("job", await jobs.GetAsync(job, cancellationToken));

    /// <summary>Its log.</summary>
    [Function("GetJobLogs"), Description("A job's log.")]
    public async Task<IActionResult> Logs(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/v1/jobs/{job}/logs")] HttpRequest request, string job, CancellationToken cancellationToken) =>
        Envelope.Ok("Log provided").With("lines", (await log.ReadAsync(job, 1, 0, 1000, cancellationToken)).Lines);
}
