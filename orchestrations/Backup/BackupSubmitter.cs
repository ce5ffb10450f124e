using Larder.Orchestrations.Backup.Archives;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Backup;

/// <summary>Accepts exports and imports: checks the request and submits the job, whose steps check the rest.</summary>
public sealed class BackupSubmitter(
    JobSubmitter submitter, JobAccess access, IArtifactStore artifacts, BlobDatasets blobs, UrlSource urls, ImportLimits limits)
{
    private const int LongestSource = 2048;

    /// <summary>Exports the registry.</summary>
    /// <param name="options">The job's options.</param>
    /// <param name="key">The caller's idempotency key.</param>
    /// <param name="caller">The caller, whose rights are checked.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job; with an idempotency key, perhaps one that exists already.</returns>
    /// <exception cref="InvalidRequestException">A name can be none.</exception>
    public Task<Job> ExportAsync(ExportOptions options, string? key, Caller caller, CancellationToken cancellationToken) =>
        submitter.SubmitAsync(ExportRequest(options) with { Key = key, By = caller, Owner = caller.Name }, cancellationToken);

    /// <summary>Imports an archive that came with the request.</summary>
    /// <param name="fileName">What the client calls it.</param>
    /// <param name="file">Its bytes on local disk.</param>
    /// <param name="options">The job's options.</param>
    /// <param name="key">The caller's idempotency key.</param>
    /// <param name="caller">The caller, whose rights are checked.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job; with an idempotency key, perhaps one that exists already.</returns>
    public async Task<Job> ImportAsync(string fileName, StagedFile file, ImportOptions options, string? key, Caller caller, CancellationToken cancellationToken)
    {
        var request = ImportRequest(options);
        await artifacts.PutAsync(file.Path, file.Sha256, cancellationToken);
        return await submitter.SubmitAsync(
            request with { Inputs = [new JobInput(ArchiveSources.Input, fileName, file.Sha256, file.SizeBytes)], Key = key, By = caller, Owner = caller.Name }, cancellationToken);
    }

    /// <summary>Imports an archive that is somewhere else, as it is now: the id of a job that exported it, <c>uploads/{path}</c> or a URL.</summary>
    /// <inheritdoc cref="ImportAsync(string, StagedFile, ImportOptions, string?, Caller, CancellationToken)"/>
    /// <exception cref="NotFoundException">There is no such job or file.</exception>
    /// <exception cref="ConflictException">The job has not exported anything (yet).</exception>
    /// <exception cref="InvalidRequestException">The source is none.</exception>
    /// <exception cref="TooLargeException">The archive is larger than it may be.</exception>
    public async Task<Job> ImportAsync(string source, ImportOptions options, string? key, Caller caller, CancellationToken cancellationToken)
    {
        var request = ImportRequest(options) with { Key = key, By = caller, Owner = caller.Name };
        if (source.Length > LongestSource)
            throw new InvalidRequestException($"The archive's address can have at most {LongestSource} characters.");
        if (JobId.IsValid(source))
            return await submitter.SubmitAsync(request with { Source = await ExportOfAsync(caller, source, cancellationToken) }, cancellationToken);
        if (source.StartsWith($"{BlobDatasets.Uploads}/", StringComparison.Ordinal))
        {
            var found = await blobs.FindAsync(BlobDatasets.Uploads, source[(BlobDatasets.Uploads.Length + 1)..], cancellationToken)
                ?? throw new NotFoundException($"There is no {Quoted.Text(source)}.");
            RequireSize(found.SizeBytes);
            return await submitter.SubmitAsync(request with { Source = DatasetSource.Of(found.Container, found.Path, found.ETag) }, cancellationToken);
        }

        if (!DatasetSource.IsUrl(source))
            throw new InvalidRequestException("The source must be the id of a job that exported the archive, a path in the container uploads (uploads/folder/file.zip) or an http or https URL.");
        var url = urls.Require(source);
        // The query may be a signature, which is secret.
        return await submitter.SubmitAsync(
            request with
            {
                Source = url.GetLeftPart(UriPartial.Path),
                Secrets = new Dictionary<string, string> { [ArchiveSources.UrlSecret] = url.AbsoluteUri },
            },
            cancellationToken);
    }

    internal static JobRequest ExportRequest(ExportOptions options)
    {
        _ = options.Selection;
        return new JobRequest(ExportJob.Type, ExportJob.AllModels, JobOptions.ToJson(options));
    }

    private static JobRequest ImportRequest(ImportOptions options)
    {
        _ = options.Selection;
        return new JobRequest(ImportJob.Type, ExportJob.AllModels, JobOptions.ToJson(options));
    }

    private async Task<string> ExportOfAsync(Caller caller, string id, CancellationToken cancellationToken)
    {
        var job = await access.OpenAsync(caller, id, JobWay.ReadOutputs, cancellationToken);
        var output = job.Outputs.FirstOrDefault(output => output.Path == BackupPaths.Archive);
        if (job.Type != ExportJob.Type || output is null)
            throw new ConflictException($"The job {id} has no {BackupPaths.Archive}: {(job.Type != ExportJob.Type ? "it is no export" : job.IsFinal ? "it failed" : "it is not over")}.");
        RequireSize(output.SizeBytes);
        return ArchiveSources.OfJob(id, output.ETag);
    }

    private void RequireSize(long bytes)
    {
        if (bytes > limits.ArchiveBytes)
            throw new TooLargeException($"The archive has {bytes} bytes; {limits.ArchiveBytes} is the most (Limits:Import:ArchiveBytes).");
    }
}
