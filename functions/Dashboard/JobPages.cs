using System.ComponentModel;
using Larder.Contracts;
using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.Lineage;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using JobPage = Larder.Dashboard.Pages.JobPage;

namespace Larder.Functions.Dashboard;

/// <summary>The pages of jobs, and the forms on them.</summary>
internal sealed class JobPages(Pages pages, PageForms forms, ListJobs lists, JobAccess access, JobLogReader logs, JobScheduler scheduler, JobSubmitter submitter, GetLineage lineage)
{
    private const int MostLines = 2000;

    /// <summary>The list.</summary>
    [Function("UiJobs"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The page of jobs.")]
    [Query("state", "type", "owner", "model", "schedule", "text", "from", "to", "cursor"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/jobs")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        return await pages.ShowAsync<JobsPage>(request, new()
        {
            [nameof(JobsPage.Answer)] = ((Envelope)await lists.List(request, cancellationToken)).Answer,
            [nameof(JobsPage.States)] = WireNames.All<JobState>().Keys.ToList(),
            [nameof(JobsPage.Types)] = JobTypes.All.Select(type => type.Type).ToList(),
            [nameof(JobsPage.Query)] = Pages.QueryOf(request),
        });
    }

    /// <summary>A job, its log so far.</summary>
    [Function("UiJob"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The page of a job.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/jobs/{job}")] HttpRequest request,
        string job,
        CancellationToken cancellationToken)
    {
        var found = await access.OpenAsync(request.Caller(), job, JobWay.See, cancellationToken);
        // htmx takes the part above the log alone, every two seconds.
        var isWhole = !request.Headers.ContainsKey("HX-Request");
        return await pages.ShowAsync<JobPage>(request, new()
        {
            [nameof(JobPage.Job)] = JobAnswers.Of(found),
            [nameof(JobPage.Log)] = isWhole ? await LogAsync(request, found, cancellationToken) : null,
            [nameof(JobPage.Lineage)] = isWhole ? await lineage.PartAsync(request, "job", found.Id, cancellationToken) : null,
        });
    }

    /// <summary>Asks a job to end.</summary>
    [Function("UiCancelJob"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Ends a job, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Cancel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/jobs/{job}/cancel")] HttpRequest request,
        string job,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        await forms.ReadAsync(request, cancellationToken);
        var found = await scheduler.CancelAsync(client, job, request.Caller(), cancellationToken);
        return pages.Go(request, $"/ui/jobs/{found.Id}", found.IsFinal ? "The job is canceled." : "The job is asked to end.");
    }

    /// <summary>Runs a job again.</summary>
    [Function("UiRetryJob"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Runs an ended job again, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Retry(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/jobs/{job}/retry")] HttpRequest request,
        string job,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        await forms.ReadAsync(request, cancellationToken);
        var again = await scheduler.SubmitAndStartAsync(client, submitter.RetryAsync(job, request.Caller(), key: null, cancellationToken));
        return pages.Go(request, $"/ui/jobs/{again.Id}", "This is the new job.");
    }

    private async Task<JobLogAnswer?> LogAsync(HttpRequest request, Job job, CancellationToken cancellationToken)
    {
        try
        {
            await access.RequireAsync(request.Caller(), JobWay.ReadOutputs, job.Type, job.Model, cancellationToken);
        }
        catch (ForbiddenException)
        {
            return null;
        }
        var attempt = JobLogReader.LastAttempt(job);
        var page = await logs.ReadAsync(job, attempt, after: 0, MostLines, cancellationToken);
        return new JobLogAnswer { Attempt = attempt, Lines = [.. page.Lines.Select(JobAnswers.Of)], NextAfter = page.NextAfter, IsEnd = page.IsAtEnd };
    }
}
