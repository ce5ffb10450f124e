using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Makes a data set that a job only names one of its inputs: stored under its hash, so that it stays what it is.</summary>
public sealed class FetchDataset(
    JobSteps steps, JobFiles files, IArtifactStore artifacts, StagingArea staging, DropFiles drops, UrlSource urls, ScoringLimits limits, TimeProvider time)
{
    /// <summary>The name of the secret that is a URL with its query.</summary>
    internal const string UrlSecret = "dataset_url";

    /// <summary>The name of the input.</summary>
    internal const string Input = "dataset";

    private const long MaxSecretBytes = 1 << 20;

    /// <summary>Runs it.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(nameof(FetchDataset))]
    public async Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellation)
    {
        var fetched = await steps.RunAsync(
            job,
            "fetch",
            0,
            found => FetchAsync(found, cancellation),
            (now, result) => result.Input is null ? now : now with { Inputs = [result.Input] },
            result => result.Problem ?? $"{result.Input!.SizeBytes} bytes.",
            cancellation);
        return fetched.Problem;
    }

    private async Task<Fetched> FetchAsync(Job job, CancellationToken cancellation)
    {
        if (job.Inputs.FirstOrDefault(input => input.Name == Input) is { } there)
            return await artifacts.TouchAsync(there.Sha256, cancellation) ? new Fetched(there, null) : new Fetched(null, "The data set is not stored any more.");

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(limits.FetchSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            var (content, length, name) = await OpenAsync(job, either.Token);
            await using (content)
            {
                await using var staged = await staging.AddAsync(content, "data set", limits.DatasetBytes, length, either.Token);
                await artifacts.PutAsync(staged.Path, staged.Sha256, either.Token);
                return new Fetched(new JobInput(Input, name, staged.Sha256, staged.SizeBytes), null);
            }
        }
        catch (Exception e) when (e is InvalidRequestException or TooLargeException)
        {
            return new Fetched(null, e.Message);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new Fetched(null, $"Fetching the data set took longer than {limits.FetchSeconds} seconds (Limits:Scoring:FetchSeconds).");
        }
    }

    private async Task<(Stream Content, long? Length, string Name)> OpenAsync(Job job, CancellationToken cancellation)
    {
        var text = job.Source ?? throw new InvalidRequestException("The job has no data set.");
        if (DatasetSource.IsUrl(text))
        {
            var secrets = await files.ReadAsync(job.Id, JobPaths.Secrets, MaxSecretBytes, cancellation);
            var url = secrets?.ToObjectFromJson<Dictionary<string, string>>()?.GetValueOrDefault(UrlSecret) ?? text;
            var (body, bytes) = await urls.OpenAsync(url, cancellation);
            return (body, bytes, NameOf(new Uri(text).AbsolutePath));
        }

        var source = DatasetSource.Parse(text, isPinned: text.StartsWith($"{DropFiles.Scoring}/", StringComparison.Ordinal));
        var content = await drops.OpenReadAsync(source.Container!, source.Path, source.ETag, cancellation)
            ?? throw new InvalidRequestException(
                source.ETag is null ? $"{Names.Shown(text)} is not there any more." : "The file was replaced or removed before it could be read.");
        return (content, null, NameOf(source.Path));
    }

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..] is { Length: > 0 } name ? name : Input;

    private sealed record Fetched(JobInput? Input, string? Problem);
}
