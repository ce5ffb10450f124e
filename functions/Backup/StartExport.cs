using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Backup;

/// <summary>Backups: a job writes all models, or some, as a zip.</summary>
public sealed class StartExport(BackupSubmitter submitter, JobScheduler scheduler)
{
    private static readonly JsonBody<JsonElement> Body = new("{\"models\": [names], \"include_artifacts\": boolean}, both optional") { IsRequired = false, Options = [JobOptions.Of(ExportOptions.Schema)] };

    /// <summary>
    /// Starts an export; the body may be empty, or say what it has (<see cref="ExportOptions"/>). The archive is an output of the job. With the header
    /// <c>Idempotency-Key</c>, sending the same again answers the same job.
    /// </summary>
    [Function("StartExport"), Description("Export models as a zip: {\"models\", \"include_artifacts\"}."), Requires(Role.Admin, Scope = ScopeRule.AllModels)]
    [Query, Takes(nameof(Body)), TakesHeaders(IdempotencyKey.Header), Answers(typeof(JobAnswer), StatusCodes.Status202Accepted)]
    public async Task<IActionResult> Export(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/admin/export")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var body = await Body.ReadOrDefaultAsync(request, cancellationToken);
        var options = ExportOptions.Schema.ReadOrDefault(body);
        var job = await scheduler.SubmitAndStartAsync(client, submitter.ExportAsync(options, IdempotencyKey.Of(request), request.Caller(), cancellationToken));
        return JobAnswers.Accepted(job, $"The export is job {job.Id}");
    }
}
