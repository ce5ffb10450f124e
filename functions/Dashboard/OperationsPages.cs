using System.ComponentModel;
using System.Globalization;
using Larder.Contracts;
using Larder.Dashboard.Pages;
using Larder.Dashboard.Parts;
using Larder.Functions.Access;
using Larder.Functions.Audit;
using Larder.Functions.Datasets;
using Larder.Functions.Hosting;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Operations;
using Larder.Functions.Prediction;
using Larder.Inference.Sessions;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Jobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace Larder.Functions.Dashboard;

/// <summary>The pages for who runs the server: its state, the audit log, and what is stored beside models.</summary>
internal sealed class OperationsPages(
    Pages pages, Readiness readiness, ReportVersion version, SessionCache sessions, PredictionStatistics statistics, JobStore jobs, JobAccess access, ListAudit audit, ManageDatasets datasets, IConfiguration configuration)
{
    /// <summary>The front page.</summary>
    [Function("UiStart"), Requires(Role.None), Description("Leads to the page of models.")]
    [Query, Answers(MediaType = "text/html")]
    public IActionResult Start([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui")] HttpRequest request) => pages.Go(request, "/ui/models");

    /// <summary>The state of the server.</summary>
    [Function("UiOperations"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("The page of the server's state.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/operations")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var shown = new JobFilter { Shown = await access.ShownAsync(request.Caller(), cancellationToken) };
        return await pages.ShowAsync<OperationsPage>(request, new()
        {
            [nameof(OperationsPage.Server)] = (VersionAnswer)((Envelope)version.Details(request)).Answer!,
            [nameof(OperationsPage.WaitingFor)] = await readiness.WaitingForAsync(cancellationToken),
            [nameof(OperationsPage.LoadedModels)] = sessions.LoadedModels,
            [nameof(OperationsPage.LoadedBytes)] = sessions.LoadedBytes,
            [nameof(OperationsPage.Served)] = statistics.Versions.Select(Of).OrderByDescending(one => one.Succeeded + one.Failed).ThenBy(one => one.Reference, StringComparer.Ordinal).ToList(),
            [nameof(OperationsPage.Jobs)] = await CountsAsync(jobs.ScanAsync(shown, cancellationToken)),
            // The audit log, which has them too, is the administrator's.
            [nameof(OperationsPage.Settings)] = request.Caller().Role >= Role.Admin ? EffectiveSettings.Of(configuration) : new SortedDictionary<string, string>(),
        });
    }

    /// <summary>Who changed what.</summary>
    [Function("UiAudit"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("The page of the audit log.")]
    [Query("subject", "actor", "from", "to", "cursor"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> Audit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/audit")] HttpRequest request,
        CancellationToken cancellationToken) =>
        await pages.ShowAsync<AuditPage>(request, new() { [nameof(AuditPage.Answer)] = ((Envelope)await audit.List(request, cancellationToken)).Answer, [nameof(AuditPage.Query)] = Pages.QueryOf(request) });

    /// <summary>The data sets that were uploaded in blocks.</summary>
    [Function("UiDatasets"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The page of data sets.")]
    [Query("model", "cursor"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> Datasets(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/datasets")] HttpRequest request,
        CancellationToken cancellationToken) =>
        await pages.ShowAsync<DatasetsPage>(request, new() { [nameof(DatasetsPage.Answer)] = ((Envelope)await datasets.List(request, cancellationToken)).Answer });

    private static ServedVersion Of(VersionStatistics version)
    {
        var totals = version.Totals;
        return new ServedVersion(
            $"{version.Model}:{version.Version}",
            totals.Success.Count,
            totals.Failure.Count,
            totals.Success.Count > 0 ? totals.Success.Time.TotalMilliseconds / totals.Success.Count : null,
            totals.Executions,
            totals.LastInference);
    }

    private static async Task<List<JobCount>> CountsAsync(IAsyncEnumerable<Job> all)
    {
        var counts = new Dictionary<(string Month, string Owner), JobCount>();
        await foreach (var job in all)
        {
            var key = (Month: job.Created.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture), Owner: job.Owner ?? "–");
            var count = counts.GetValueOrDefault(key) ?? new JobCount(key.Month, key.Owner, 0, 0, 0);
            counts[key] = count with
            {
                All = count.All + 1,
                Succeeded = count.Succeeded + (job.State == JobState.Succeeded ? 1 : 0),
                Failed = count.Failed + (job.State is JobState.Failed or JobState.TimedOut ? 1 : 0),
            };
        }
        return [.. counts.Values.OrderByDescending(count => count.Month, StringComparer.Ordinal).ThenByDescending(count => count.All)];
    }
}
