using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>
/// Writes the archive, straight into the job's files: nothing of it is on local disk, and little in memory. When its host dies it begins anew; the archive is
/// there whole or not at all.
/// </summary>
public sealed class WriteExport(JobSteps steps, JobFiles files, IDocumentStore documents, IArtifactStore artifacts, TimeProvider time)
{
    private const string Step = "export";
    private const long MaxContents = 1 << 20;

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.WriteExport)]
    public async Task<TransferResult> Run([ActivityTrigger] string job, CancellationToken cancellation)
    {
        var (result, _) = await steps.RunAsync(
            job,
            Step,
            0,
            found => RunAsync(found, cancellation),
            (now, made) => made.Written is { } written ? now with { Outputs = [written.Output], Metrics = MetricsOf(written.Contents) } : now,
            made => made.Result.Problem ?? made.Result.Summary,
            cancellation);
        return result;
    }

    private async Task<(TransferResult Result, Written? Written)> RunAsync(Job job, CancellationToken cancellation)
    {
        try
        {
            var written = await FindAsync(job, cancellation) ?? await WriteAsync(job, cancellation);
            return (new TransferResult(Summary: Sentence(written.Contents)), written);
        }
        catch (JobCanceledException)
        {
            return (TransferResult.Canceled, null);
        }
        catch (Exception e) when (e is NotFoundException or ConflictException or InvalidRequestException or TooLargeException)
        {
            return (new TransferResult(e.Message), null);
        }
    }

    /// <summary>What an earlier try has written, if it came that far.</summary>
    private async Task<Written?> FindAsync(Job job, CancellationToken cancellation)
    {
        if (await files.GetPropertiesAsync(job.Id, TransferPaths.StoredArchive, cancellation) is not { } file
            || await files.ReadAsync(job.Id, TransferPaths.Contents, MaxContents, cancellation) is not { } stored)
            return null;
        var (sha256, contents) = stored.ToObjectFromJson<Sealed>(RegistryJson.Options)!;
        return new Written(new JobOutput(TransferPaths.Archive, file.SizeBytes, sha256, file.ETag), contents);
    }

    private async Task<Written> WriteAsync(Job job, CancellationToken cancellation)
    {
        var progress = new TransferProgress(steps, time, job.Id, Step);
        await using var archive = new JobFileWriter(files, job.Id, TransferPaths.StoredArchive);
        var contents = await new RegistryExporter(documents, artifacts).ExportAsync(
            archive, ExportJob.OptionsOf(job).Selection, so => progress.NoteAsync(() => Sentence(so), cancellation), cancellation);
        var sum = "";
        var file = await archive.CommitAsync(
            "application/zip",
            sha256 =>
            {
                sum = sha256;
                return files.WriteAsync(job.Id, TransferPaths.Contents, BinaryData.FromObjectAsJson(new Sealed(sha256, contents), RegistryJson.Options), cancellation);
            },
            cancellation);
        return new Written(new JobOutput(TransferPaths.Archive, file.SizeBytes, sum, file.ETag), contents);
    }

    private static string Sentence(TransferContents contents) =>
        $"{Names.Count(contents.Models, "model")}, {Names.Count(contents.Versions, "version")}, {Names.Count(contents.Schedules, "schedule")}, {Names.Count(contents.Artifacts, "artifact")} with {Names.Count(contents.ArtifactBytes, "byte")}.";

    private static Dictionary<string, double> MetricsOf(TransferContents contents) => new()
    {
        ["models"] = contents.Models,
        ["deleted_models"] = contents.DeletedModels,
        ["versions"] = contents.Versions,
        ["deleted_versions"] = contents.DeletedVersions,
        ["schedules"] = contents.Schedules,
        ["artifacts"] = contents.Artifacts,
        ["artifact_bytes"] = contents.ArtifactBytes,
    };

    private sealed record Sealed(string Sha256, TransferContents Contents);

    private sealed record Written(JobOutput Output, TransferContents Contents);
}
