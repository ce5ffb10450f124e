using System.ComponentModel;
using System.Runtime.CompilerServices;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Jobs;

/// <summary>The list of jobs as a file.</summary>
public sealed class ExportJobs(JobStore jobs, JobAccess access)
{
    /// <summary>
    /// All jobs that match the filter of the list, the newest first, as a file in CSV or JSON. It is sent while it is read: where storage fails meanwhile, the connection is cut,
    /// so that no caller takes a part for the whole.
    /// </summary>
    [Function("ExportJobs"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("All jobs of a filter as a file; ?format=csv|json&state=&type=&owner=&model=&schedule=&text=&from=&to=.")]
    [Query("format", "state", "type", "owner", "model", "schedule", "text", "from", "to"), Answers(typeof(IReadOnlyList<JobDetails>), IsStream = true), Answers(MediaType = "text/csv")]
    public async Task<IActionResult> Export(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/jobs/export")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var name = QueryParameters.Text(request, "format") ?? "csv";
        if (!JobExport.Formats.TryGetValue(name, out var format))
            throw new InvalidRequestException($"format must be {string.Join(" or ", JobExport.Formats.Keys)}.");
        var filter = QueryParameters.Filter(request) with { Shown = await access.ShownAsync(request.Caller(), cancellationToken) };
        await using var found = jobs.ScanAsync(filter, cancellationToken).GetAsyncEnumerator(cancellationToken);
        // Storage that does not answer is told by the status, as long as nothing is sent.
        var hasAny = await found.MoveNextAsync();

        var response = request.HttpContext.Response;
        response.ContentType = format.ContentType;
        FileAnswer.NameDownload(response, $"jobs.{name}");
        if (HttpMethods.IsGet(request.Method))
            await format.WriteAsync(FromHere(found, hasAny, cancellationToken), response.Body, cancellationToken);
        return new EmptyResult();
    }

    private static async IAsyncEnumerable<JobDetails> FromHere(IAsyncEnumerator<Job> found, bool hasAny, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (hasAny)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return JobAnswers.Short(found.Current);
            hasAny = await found.MoveNextAsync();
        }
    }
}
