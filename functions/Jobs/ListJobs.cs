using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Jobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Jobs;

/// <summary>Jobs, and what kinds there are.</summary>
public sealed class ListJobs(JobStore jobs, JobAccess access, IEnumerable<IJobType> types)
{
    /// <summary>A page of the jobs that match the query, the newest first, and how many match in all.</summary>
    [Function("ListJobs"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Jobs; ?state=&type=&owner=&model=&schedule=&text=&from=&to=&limit=&cursor=.")]
    [Query("state", "type", "owner", "model", "schedule", "text", "from", "to", "limit", "cursor"), Answers(typeof(JobListAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/jobs")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var limit = (int?)QueryParameters.Number(request, "limit", 1, JobStore.MaxPage) ?? 100;
        var filter = QueryParameters.Filter(request) with { Shown = await access.ShownAsync(request.Caller(), cancellationToken) };
        var page = await jobs.ListAsync(filter, limit, QueryParameters.Text(request, "cursor"), cancellationToken);
        return Envelope.Ok("Job list provided", new JobListAnswer { Jobs = [.. page.Items.Select(JobAnswers.Short)], NextCursor = page.Cursor, Total = page.Total });
    }

    /// <summary>All types of jobs, with the JSON Schema that the server validates their options against, and whether schedules can run them.</summary>
    [Function("ListJobTypes"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("What jobs can be submitted, with the JSON Schema of their options.")]
    [Query, Answers(typeof(JobTypeListAnswer))]
    public IActionResult ListTypes([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/job-types")] HttpRequest request)
    {
        return Envelope.Ok("Job types provided", new JobTypeListAnswer
        {
            JobTypes = [.. JobTypes.All.Select(entry => entry.ToDetails(types.Single(type => type.Name == entry.Type).NotScheduled))],
        });
    }
}
