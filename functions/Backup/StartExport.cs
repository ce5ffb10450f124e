using System.ComponentModel;
using System.Text.Json;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
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
    private const string Expected = "{\"models\": [names], \"include_artifacts\": boolean}, both optional";

    /// <summary>
    /// Starts an export; the body may be empty, or say what it has (<see cref="ExportOptions"/>). The archive is an output of the job. With the header
    /// <c>Idempotency-Key</c>, sending the same again answers the same job.
    /// </summary>
    [Function("StartExport"), Description("Export models as a zip: {\"models\", \"include_artifacts\"}."), Requires(Role.Admin, Scope = ScopeRule.AllModels)]
    public async Task<IActionResult> Export(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/admin/export")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        QueryParameters.RequireKnown(request);
        var body = await Json.ReadOrDefaultAsync<JsonElement>(request, Expected, cancellationToken);
        var options = ExportOptions.Schema.ReadOrDefault(body);
        var job = await scheduler.SubmitAndStartAsync(client, submitter.ExportAsync(options, IdempotencyKey.Of(request), request.Caller(), cancellationToken));
        return JobAnswers.Accepted(job, $"The export is job {job.Id}");
    }
}
