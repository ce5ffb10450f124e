using Larder.Inference;
using Larder.Orchestrations.Backup.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Backup;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Backup.Activities;

/// <summary>
/// Writes the archive, straight into the job's files: nothing of it is on local disk, and little in memory. After a crash of its host it begins again; the archive is
/// there whole or not at all.
/// </summary>
public sealed class WriteExport(JobSteps steps, JobFiles files, IDocumentStore documents, IArtifactStore artifacts, TimeProvider time)
{
    private const string Step = "export";
    private const long MaxContents = 1 << 20;

    /// <summary>Writes the archive of an export.</summary>
    [Function(ActivityNames.WriteExport)]
    public async Task<StepResult> Run([ActivityTrigger] string job, CancellationToken cancellationToken)
    {
        var (result, _) = await steps.RunAsync(
            job,
            Step,
            0,
            found => RunAsync(found, cancellationToken),
            (now, made) => made.Written is { } written ? now with { Outputs = [written.Output], Metrics = MetricsOf(written.Contents) } : now,
            made => made.Result.Problem ?? made.Result.Summary,
            beginsJob: true,
            cancellationToken: cancellationToken);
        return result;
    }

    private async Task<(StepResult Result, Written? Written)> RunAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            var written = await FindAsync(job, cancellationToken) ?? await WriteAsync(job, cancellationToken);
            return (new StepResult(Summary: Sentence(written.Contents)), written);
        }
        catch (JobCanceledException)
        {
            return (StepResult.Canceled, null);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return (new StepResult(e.Message), null);
        }
    }

    /// <summary>What an earlier try has written, if it came that far.</summary>
    private async Task<Written?> FindAsync(Job job, CancellationToken cancellationToken)
    {
        if (await files.GetPropertiesAsync(job.Id, BackupPaths.StoredArchive, cancellationToken) is not { } file
            || await files.ReadAsync(job.Id, BackupPaths.Contents, MaxContents, cancellationToken) is not { } stored)
            return null;
        var (sha256, contents) = stored.ToObjectFromJson<Sealed>(RegistryJson.Options)!;
        return new Written(new JobOutput(BackupPaths.Archive, file.SizeBytes, sha256, file.ETag), contents);
    }

    private async Task<Written> WriteAsync(Job job, CancellationToken cancellationToken)
    {
        var progress = new StepProgress(steps, time, job.Id, Step);
        await using var archive = new JobFileWriter(files, job.Id, BackupPaths.StoredArchive);
        var contents = await new RegistryExporter(documents, artifacts).ExportAsync(
            archive, JobOptions.Of<ExportOptions>(job).Selection, so => progress.NoteAsync(() => Sentence(so), cancellationToken), cancellationToken);
        var sum = "";
        var file = await archive.CommitAsync(
            "application/zip",
            sha256 =>
            {
                sum = sha256;
                return files.WriteAsync(job.Id, BackupPaths.Contents, BinaryData.FromObjectAsJson(new Sealed(sha256, contents), RegistryJson.Options), cancellationToken);
            },
            cancellationToken);
        return new Written(new JobOutput(BackupPaths.Archive, file.SizeBytes, sum, file.ETag), contents);
    }

    private static string Sentence(BackupContents contents) =>
        $"{MessageFormat.Count(contents.Models, "model")}, {MessageFormat.Count(contents.Versions, "version")}, {MessageFormat.Count(contents.Schedules, "schedule")}, {MessageFormat.Count(contents.Artifacts, "artifact")} with {MessageFormat.Count(contents.ArtifactBytes, "byte")}.";

    private static Dictionary<string, double> MetricsOf(BackupContents contents) => new()
    {
        ["models"] = contents.Models,
        ["deleted_models"] = contents.DeletedModels,
        ["versions"] = contents.Versions,
        ["deleted_versions"] = contents.DeletedVersions,
        ["schedules"] = contents.Schedules,
        ["artifacts"] = contents.Artifacts,
        ["artifact_bytes"] = contents.ArtifactBytes,
    };

    private sealed record Sealed(string Sha256, BackupContents Contents);

    private sealed record Written(JobOutput Output, BackupContents Contents);
}
