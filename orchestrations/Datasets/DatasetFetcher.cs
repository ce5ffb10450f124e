using Larder.Inference;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Datasets;

/// <summary>Makes a data set that a job only names an artifact, under its hash, so that it stays what it is.</summary>
/// <param name="files">Where whole URLs are kept.</param>
/// <param name="artifacts">Where it goes.</param>
/// <param name="staging">Local disk.</param>
/// <param name="blobs">Data sets in the containers that users write to.</param>
/// <param name="urls">Other hosts.</param>
/// <param name="limits">How long it may take.</param>
/// <param name="time">For times and waits.</param>
public sealed class DatasetFetcher(
    JobFiles files, IArtifactStore artifacts, StagingArea staging, BlobDatasets blobs, UrlSource urls, ScoringLimits limits, TimeProvider time)
{
    private const long MaxSecretBytes = 1 << 20;

    /// <summary>Fetches what a job's <see cref="Job.Source"/> says.</summary>
    /// <param name="job">The job.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The input, or what is wrong with it for good. Everything else is an exception, and worth another try.</returns>
    internal async Task<(JobInput? Input, string? Problem)> FetchAsync(Job job, long limit, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(limits.FetchSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var (content, length, name) = await OpenAsync(job, either.Token);
            await using (content)
            {
                await using var staged = await staging.AddAsync(content, "data set", limit, length, either.Token);
                await artifacts.PutAsync(staged.Path, staged.Sha256, either.Token);
                return (new JobInput(FoundDataset.InputName, name, staged.Sha256, staged.SizeBytes), null);
            }
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return (null, e.Message);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return (null, $"Fetching the data set took longer than {limits.FetchSeconds} seconds (Limits:Scoring:FetchSeconds).");
        }
    }

    private async Task<(Stream Content, long? Length, string Name)> OpenAsync(Job job, CancellationToken cancellationToken)
    {
        var text = job.Source ?? throw new InvalidRequestException("The job has no data set.");
        if (DatasetSource.IsUrl(text))
        {
            var secrets = await JobSecrets.ReadAsync(files, job.Id, MaxSecretBytes, cancellationToken);
            var (body, bytes) = await urls.OpenAsync(secrets.GetValueOrDefault(DatasetSource.UrlSecret, text), cancellationToken);
            return (body, bytes, NameOf(new Uri(text).AbsolutePath));
        }

        var source = DatasetSource.Parse(text);
        var content = await blobs.OpenReadAsync(source.Container!, source.Path, source.ETag, cancellationToken)
            ?? throw new InvalidRequestException(
                source.ETag is null ? $"There is no data set {text}." : "The file was replaced or removed before it could be read.");
        return (content, null, NameOf(source.Path));
    }

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..] is { Length: > 0 } name ? name : FoundDataset.InputName;
}
