using Larder.Inference;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Schedules;

/// <summary>A type of job that schedules can run: what they may ask of it, and how each run's job is asked for.</summary>
public interface IScheduledJob
{
    /// <summary>As <see cref="ScheduledJob.Type"/> has it.</summary>
    string Type { get; }

    /// <summary>Whether <see cref="ScheduledJob.Model"/> is a model's name; otherwise the type says what it must be.</summary>
    bool IsAboutModel => true;

    /// <summary>Checks what a schedule is to run, before the schedule is stored.</summary>
    /// <param name="caller">The caller, who may submit such a job for its model. What else the job names must be in the caller's scope too.</param>
    /// <param name="job">As it is asked for. Its model's name is one.</param>
    /// <param name="known">Secret values that the schedule has already, by name: an option that is masked keeps its value.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job as it is stored, with every secret value masked, and these values.</returns>
    /// <exception cref="InvalidRequestException">It cannot be run: why, in a sentence.</exception>
    Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellationToken);

    /// <summary>What one run asks for. It is quick: what takes minutes is for the job itself to do.</summary>
    /// <param name="caller">As whom it runs.</param>
    /// <param name="job">As it is stored.</param>
    /// <param name="secrets">The values that are masked in its options.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="LarderException">It cannot be had any more: an input is gone, a limit has changed.</exception>
    Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken);
}

/// <summary>What schedules name to be read anew. Whether it is there is asked when it is read.</summary>
internal static class ScheduledPaths
{
    /// <summary>Refuses what is no data set's address, or not in the caller's scope. A URL must not have a query: schedules are shown whole.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    /// <exception cref="ForbiddenException">It is of a model that the scope does not have.</exception>
    public static async Task RequireDatasetAsync(DatasetFinder finder, Caller caller, string address, CancellationToken cancellationToken)
    {
        var isPlain = address.StartsWith(Dataset.Prefix, StringComparison.Ordinal)
            || (DatasetSource.IsUrl(address) ? address.AsSpan().IndexOfAny('?', '#') < 0 : IsUpload(address));
        if (!isPlain)
        {
            throw new InvalidRequestException(
                $"job.inputs.dataset must be a path that begins with {BlobDatasets.Uploads}/, an uploaded data set ({Dataset.AddressOf("{model}", "{file_name}")}), or a URL without a query.");
        }

        finder.Require(address);
        await finder.RequireInScopeAsync(caller, address, cancellationToken);
    }

    /// <summary>Refuses what is no path of a model.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static void ValidateModel(string path)
    {
        if (!IsUpload(path) || !IngestedBlob.IsModel(path))
            throw new InvalidRequestException($"job.inputs.blob must be a path that begins with {BlobDatasets.Uploads}/ and ends with .onnx, .zip, .tar.gz or .tgz.");
    }

    private static bool IsUpload(string path) => DatasetSource.IsUpload(path) && JobFilePath.IsValid(path) && !DatasetSource.EndsWithETag(path);
}
