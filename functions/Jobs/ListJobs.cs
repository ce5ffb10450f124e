using System.ComponentModel;
using Larder.Functions.Access;
using Larder.Functions.Http;
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
    /// <summary>The jobs that fit the query, the newest first, a page at a time, and how many there are in all.</summary>
    [Function("ListJobs"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Jobs; ?state=&type=&model=&schedule=&text=&from=&to=&limit=&cursor=.")]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/jobs")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        QueryParameters.RequireKnown(request, "state", "type", "model", "schedule", "text", "from", "to", "limit", "cursor");
        var limit = (int?)QueryParameters.Number(request, "limit", 1, JobStore.MaxPage) ?? 100;
        var filter = QueryParameters.Filter(request) with { Shown = await access.ShownAsync(request.Caller(), cancellationToken) };
        var page = await jobs.ListAsync(filter, limit, QueryParameters.Text(request, "cursor"), cancellationToken);
        return Envelope.Ok("Job list provided")
            .With("jobs", page.Items.Select(JobView.Short))
            .With("next_cursor", page.Cursor)
            .With("total", page.Total);
    }

    /// <summary>What can be submitted, and the JSON Schema of each one's options, which is what the server checks them by; and whether schedules can run it.</summary>
    [Function("ListJobTypes"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("What jobs can be submitted, with the JSON Schema of their options.")]
    public IActionResult ListTypes([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/job-types")] HttpRequest request)
    {
        QueryParameters.RequireKnown(request);
        return Envelope.Ok("Job types provided")
            .With("job_types", JobTypes.All.Select(entry => JobTypes.View(entry, types.Single(type => type.Name == entry.Type).NotScheduled)));
    }
}
