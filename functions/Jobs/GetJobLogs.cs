using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Log;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;

namespace Larder.Functions.Jobs;

/// <summary>What a job wrote.</summary>
public sealed class GetJobLogs(JobAccess access, JobLogReader logs, LogStream stream, LogStreams streams, IHostApplicationLifetime host)
{
    private const int UsualLimit = 1000;

    /// <summary>
    /// Numbered lines, a page at a time; with <c>Accept: text/event-stream</c> live until the job is over (<see cref="LogStream"/>), where
    /// <c>Last-Event-ID</c> goes on where a stream broke off. Without <c>?attempt=</c>, those of the last attempt.
    /// </summary>
    [Function("GetJobLogs"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("A job's log; ?after=&limit=&attempt=; live with Accept: text/event-stream.")]
    [Query("after", "limit", "attempt"), TakesHeaders("Accept", "Last-Event-ID"), Answers(typeof(JobLogAnswer)), Answers(MediaType = "text/event-stream")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/jobs/{job}/logs")] HttpRequest request,
        string job,
        CancellationToken cancellationToken)
    {
        var after = QueryParameters.Number(request, "after", 0, long.MaxValue) ?? 0;
        var limit = (int?)QueryParameters.Number(request, "limit", 1, JobLog.MaxLines) ?? UsualLimit;
        var asked = (int?)QueryParameters.Number(request, "attempt", 1, int.MaxValue);
        var found = await access.OpenAsync(request.Caller(), job, JobWay.ReadOutputs, cancellationToken);
        var attempt = asked ?? JobLogReader.LastAttempt(found);
        var isStream = request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));
        if (isStream && request.Headers["Last-Event-ID"] is [{ Length: > 0 } id])
        {
            (attempt, after) = LogStream.Parse(id);
            if (asked is not null && asked != attempt)
                throw new InvalidRequestException($"Last-Event-ID is of attempt {attempt}, and attempt {asked} is asked for.");
        }
        if (attempt > JobLogReader.LastAttempt(found))
            throw new NotFoundException($"The job {found.Id} has no attempt {attempt}.");

        if (isStream)
        {
            using var counted = streams.Open(request.Caller());
            if (HttpMethods.IsHead(request.Method))
                LogStream.Begin(request.HttpContext.Response);
            else
                await StreamAsync(request.HttpContext.Response, found.Id, attempt, after, follow: asked is null, cancellationToken);
            return new EmptyResult();
        }

        var page = await logs.ReadAsync(found, attempt, after, limit, cancellationToken);
        return Envelope.Ok("Job log provided", new JobLogAnswer
        {
            Attempt = attempt,
            Lines = [.. page.Lines.Select(JobAnswers.Of)],
            NextAfter = page.NextAfter,
            IsEnd = found.IsFinal && page.IsAtEnd,
        });
    }

    private async Task StreamAsync(HttpResponse response, string job, int attempt, long after, bool follow, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, host.ApplicationStopping);
        try
        {
            await stream.SendAsync(response, job, attempt, after, follow, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client has gone, or comes again to another host.
        }
    }
}
