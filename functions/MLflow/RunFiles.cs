using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Text;
using Larder.Tracking.Artifacts;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Larder.Functions.MLflow;

/// <summary>
/// The artifacts of a run or logged model as clients see them: what was logged to it, and of a run what its job left, which is where the job has it: the log as <c>log.jsonl</c>, the files of
/// the last attempt below <c>outputs</c>.
/// </summary>
public sealed class RunFiles(RunArtifacts artifacts, RunStore runs, JobStore jobs, JobFiles files)
{
    private const string Outputs = "outputs";
    private const string Log = "log.jsonl";

    /// <summary>A page of what is in a folder, by whole paths; the first page has what the job left.</summary>
    /// <param name="owner">The run or logged model.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="token">From the page before; null for the first page.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such run or logged model.</exception>
    /// <exception cref="InvalidRequestException">The token is none that an earlier page gave.</exception>
    public async Task<(IReadOnlyList<MLflowFile> Files, string? Next)> ListAsync(string owner, ArtifactPath folder, string? token, CancellationToken cancellationToken)
    {
        var page = await artifacts.ListAsync(owner, folder, RunArtifacts.PageItems, token, cancellationToken);
        var logged = page.Items.Select(file => MLflowAnswers.Of(file, file.Path.ToString()));
        var left = token is null && await JobOfAsync(owner, cancellationToken) is { } job ? await LeftAsync(job, folder, cancellationToken) : [];
        return ([.. left.Concat(logged).DistinctBy(file => file.Path)], page.Cursor);
    }

    /// <summary>Sends a file, or a range of it (<see cref="FileAnswer"/>).</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    public async Task<IActionResult> SendAsync(HttpRequest request, string owner, ArtifactPath path, CancellationToken cancellationToken)
    {
        if (await artifacts.FindAsync(owner, path, cancellationToken) is { Sha256: { } sha256 } file)
        {
            return await new FileAnswer(sha256, file.SizeBytes, path.Name, FileAnswer.TypeOf(path.Name)).SendAsync(
                request, (offset, length, stop) => artifacts.OpenAsync(file, offset, length, stop), cancellationToken);
        }

        if (await JobOfAsync(owner, cancellationToken) is { } job)
        {
            if (path.Names is [Outputs, ..] && job.Outputs.FirstOrDefault(output => $"{Outputs}/{output.Path}" == path.ToString()) is { } output)
                return await JobOutputs.SendAsync(request, files, job, output, cancellationToken);
            if (path.Names is [Log] && await files.GetPropertiesAsync(job.Id, LogOf(job), cancellationToken) is { } log)
            {
                return await new FileAnswer(log.ETag, log.SizeBytes, Log, FileAnswer.TypeOf(Log)).SendAsync(
                    request, async (offset, length, stop) => await files.OpenReadAsync(job.Id, LogOf(job), offset, length, log.ETag, stop) ?? throw NoFile(path), cancellationToken);
            }
        }

        throw NoFile(path);
    }

    /// <summary>The refusal of a path that the run or logged model does not have.</summary>
    internal static NotFoundException NoFile(ArtifactPath path) => new($"No such artifact: {Quoted.Text(path.ToString())}");

    private async Task<Job?> JobOfAsync(string owner, CancellationToken cancellationToken)
    {
        if (LoggedModelStore.IsId(owner))
            return null;
        try
        {
            return (await runs.GetAsync(owner, cancellationToken)).Job is { } id ? await jobs.GetAsync(id, cancellationToken) : null;
        }
        catch (NotFoundException)
        {
            // The job was deleted, and its run with it; it can still be looked at.
            return null;
        }
    }

    private async Task<List<MLflowFile>> LeftAsync(Job job, ArtifactPath folder, CancellationToken cancellationToken)
    {
        var left = new List<MLflowFile>();
        if (folder.IsRoot && await files.GetPropertiesAsync(job.Id, LogOf(job), cancellationToken) is { } log)
            left.Add(new MLflowFile { Path = Log, IsDir = false, FileSize = log.SizeBytes });
        var prefix = folder.IsRoot ? "" : $"{folder}/";
        foreach (var output in job.Outputs)
        {
            var path = $"{Outputs}/{output.Path}";
            if (!path.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            var end = path.IndexOf('/', prefix.Length);
            left.Add(end < 0 ? new MLflowFile { Path = path, IsDir = false, FileSize = output.SizeBytes } : new MLflowFile { Path = path[..end], IsDir = true });
        }

        return [.. left.DistinctBy(file => file.Path)];
    }

    private static string LogOf(Job job) => JobPaths.Log(JobLogReader.LastAttempt(job));
}
