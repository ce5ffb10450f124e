using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Jobs;

/// <summary>The files that a job left.</summary>
public sealed class JobOutputs(JobAccess access, JobFiles files)
{
    /// <summary>What there is.</summary>
    [Function("ListJobOutputs"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The files that a job left.")]
    [Query, Answers(typeof(JobOutputListAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/jobs/{job}/outputs")] HttpRequest request,
        string job,
        CancellationToken cancellationToken)
    {
        var found = await access.OpenAsync(request.Caller(), job, JobWay.ReadOutputs, cancellationToken);
        return Envelope.Ok("Job outputs provided", new JobOutputListAnswer { Outputs = JobAnswers.Of(found.Outputs) });
    }

    /// <summary>One of them, or a range of it (<see cref="FileAnswer"/>). 409 when it was changed since the job ended.</summary>
    [Function("ReadJobOutput"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("A file that a job left; Range and If-None-Match are honoured.")]
    [Query, Answers(IsFile = true)]
    public async Task<IActionResult> Download(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/jobs/{job}/outputs/{*path}")] HttpRequest request,
        string job,
        string? path,
        CancellationToken cancellationToken)
    {
        var found = await access.OpenAsync(request.Caller(), job, JobWay.ReadOutputs, cancellationToken);
        var output = found.Outputs.FirstOrDefault(output => output.Path == path)
            ?? throw new NotFoundException($"The job {found.Id} left no such file; GET /api/v1/jobs/{found.Id}/outputs lists what it left.");

        return await SendAsync(request, files, found, output, cancellationToken);
    }

    /// <summary>Sends a file that a job left, or a range of it.</summary>
    /// <exception cref="ConflictException">It was changed since the job ended.</exception>
    internal static Task<IActionResult> SendAsync(HttpRequest request, JobFiles files, Job job, JobOutput output, CancellationToken cancellationToken)
    {
        // The ETag, since the hash of an output is only what the script reported.
        var answer = new FileAnswer(output.ETag, output.SizeBytes, output.Path[(output.Path.LastIndexOf('/') + 1)..], FileAnswer.TypeOf(output.Path));
        return answer.SendAsync(request, OpenAsync, cancellationToken);

        async Task<Stream> OpenAsync(long offset, long? length, CancellationToken stop)
        {
            var stored = JobPaths.Outputs(JobLogReader.LastAttempt(job)) + output.Path;
            try
            {
                return await files.OpenReadAsync(job.Id, stored, offset, length, output.ETag, stop)
                    ?? throw new NotFoundException("The file is not stored any more.");
            }
            catch (PreconditionFailedException)
            {
                throw new ConflictException("The file was changed after the job had ended, so it is not what the job left.");
            }
        }
    }
}
