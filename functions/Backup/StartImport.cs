using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Backup;
using Larder.Registry.Jobs;
using Larder.Registry.Publishing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Backup;

/// <summary>Takes in what another registry, or this one, exported.</summary>
public sealed class StartImport(BackupSubmitter submitter, JobScheduler scheduler, StagingArea staging, ImportLimits limits)
{
    /// <summary>The field of the archive.</summary>
    internal const string Archive = "archive";

    private static readonly JobOptions Options = JobOptions.Of(ImportOptions.Schema);
    private static readonly JsonBody<ImportRequest> Body = new("{source:string, options:object}") { Options = [Options] };

    /// <summary>The form of an import.</summary>
    internal static readonly FormSpec Spec = new(
        "an import",
        "JSON that names the archive: {\"source\": \"id of an export's job, uploads/path or URL\"}",
        new FormField(Archive, "The archive of an export.") { IsFile = true, IsRequired = true },
        FormField.Options with { OptionsOf = Options });

    /// <summary>
    /// Starts an import: multipart <c>archive</c> and optionally the JSON field <c>options</c> (<see cref="ImportOptions"/>); or JSON
    /// <c>{"source": "id of an export's job, uploads/path or URL", "options": {...}}</c>. With the header <c>Idempotency-Key</c>, sending the same again answers
    /// the same job.
    /// </summary>
    [Function("StartImport"), Description("Import an export: multipart archive, or {\"source\": ...}; JSON options."), Requires(Role.Admin, Scope = ScopeRule.AllModels)]
    [Query, Takes(nameof(Spec), nameof(Body)), TakesHeaders(IdempotencyKey.Header), Answers(typeof(JobAnswer), StatusCodes.Status202Accepted)]
    public async Task<IActionResult> Import(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/admin/import")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var job = await scheduler.SubmitAndStartAsync(client, AcceptAsync(request, IdempotencyKey.Of(request), request.Caller(), cancellationToken));
        return JobAnswers.Accepted(job, $"The import is job {job.Id}");
    }

    private async Task<Job> AcceptAsync(HttpRequest request, string? key, Caller caller, CancellationToken cancellationToken)
    {
        if (request.ContentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) != true)
        {
            var body = await Body.ReadAsync(request, cancellationToken);
            return await submitter.ImportAsync(body.Source, ImportOptions.Schema.ReadOrDefault(body.Options), key, caller, cancellationToken);
        }

        await using var form = await Form.ReadAsync(request, Spec, StageAsync, cancellationToken);
        return await TakeAsync(form, source: null, ImportOptions.Schema.ReadOrDefault(form.JsonOf(FormField.Options)), key, caller, cancellationToken);
    }

    /// <summary>Accepts the archive of a form.</summary>
    /// <param name="form">With the file of <see cref="Spec"/>.</param>
    /// <param name="source">Where the archive is; null when it is the file.</param>
    /// <param name="options">The options.</param>
    /// <param name="key">The idempotency key; null for none.</param>
    /// <param name="caller">Who sends it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal Task<Job> TakeAsync(Form form, string? source, ImportOptions options, string? key, Caller caller, CancellationToken cancellationToken)
    {
        if (source is not null)
            return submitter.ImportAsync(source, options, key, caller, cancellationToken);
        var archive = form.Require(Archive, $"No archive provided with name '{Archive}'");
        return submitter.ImportAsync(archive.FileName, archive.Staged, options, key, caller, cancellationToken);
    }

    /// <summary>Keeps the bytes of the archive while they arrive.</summary>
    internal Task<StagedFile> StageAsync(FormField field, Stream content, CancellationToken cancellationToken) => staging.AddAsync(content, Archive, limits.ArchiveBytes, null, cancellationToken);
}
