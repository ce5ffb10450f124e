using System.Runtime.CompilerServices;
using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Jobs: trainings, scorings, uploads and others.</summary>
public sealed class JobsClient
{
    private const string Root = "api/v1/jobs";

    private static readonly TimeSpan LeastWait = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(3);

    private readonly ApiConnection _api;
    private readonly LarderClientOptions _options;

    internal JobsClient(ApiConnection api, LarderClientOptions options) => (_api, _options) = (api, options);

    /// <summary>Lists jobs, the newest first, reading further pages as they are needed. Steps and outputs are left out.</summary>
    /// <param name="filter">Which jobs; null for all.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<JobDetails> ListAsync(JobFilter? filter = null, CancellationToken cancellationToken = default)
    {
        filter ??= new JobFilter();
        return Pages.AllAsync(
            (cursor, stop) => _api.GetAsync(
                ApiPath.Of(Root).With("state", filter.States).With("type", filter.Types).With("owner", filter.Owners).With("model", filter.Model)
                    .With("schedule", filter.Schedule).With("text", filter.Text).With("from", filter.From).With("to", filter.To).With("cursor", cursor),
                LarderJson.Default.JobListAnswer,
                stop),
            page => page.Jobs,
            page => page.NextCursor,
            cancellationToken);
    }

    /// <summary>The types of jobs, with the JSON Schema of their options.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task<IReadOnlyList<JobTypeDetails>> ListTypesAsync(CancellationToken cancellationToken = default) =>
        (await _api.GetAsync(ApiPath.Of("api/v1/job-types"), LarderJson.Default.JobTypeListAnswer, cancellationToken)).JobTypes;

    /// <summary>A job.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task<JobDetails> GetAsync(string job, CancellationToken cancellationToken = default) =>
        (await _api.GetAsync(ApiPath.Of(Root, job), LarderJson.Default.JobAnswer, cancellationToken)).Job;

    /// <summary>Waits until a job has ended.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="cancellationToken">Ends the wait; the job goes on.</param>
    /// <returns>The job, in a final state: whether it succeeded, the caller must look.</returns>
    /// <exception cref="LarderException">The server refused a request, or cannot be reached.</exception>
    public async Task<JobDetails> WaitAsync(string job, CancellationToken cancellationToken = default)
    {
        for (var wait = LeastWait; ; wait = wait * 1.5 < MostWait ? wait * 1.5 : MostWait)
        {
            var found = await GetAsync(job, cancellationToken);
            if (JobStates.IsFinal(found.State))
                return found;
            await Task.Delay(wait, _options.TimeProvider, cancellationToken);
        }
    }

    /// <summary>A page of a job's log.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="after">The number of the last line that the caller has; 0 for the beginning.</param>
    /// <param name="attempt">The attempt; null for the last.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public Task<JobLogAnswer> GetLogAsync(string job, long after = 0, int? attempt = null, CancellationToken cancellationToken = default) =>
        _api.GetAsync(ApiPath.Of(Root, job, "logs").With("after", after > 0 ? after : null).With("attempt", attempt), LarderJson.Default.JobLogAnswer, cancellationToken);

    /// <summary>The lines of a job's log that are there now.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="attempt">The attempt; null for the last.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async IAsyncEnumerable<JobLogLineDetails> ReadLogAsync(string job, int? attempt = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (long after = 0; ;)
        {
            var page = await GetLogAsync(job, after, attempt, cancellationToken);
            foreach (var line in page.Lines)
                yield return line;
            if (page.Lines.Count == 0 || page.IsEnd)
                yield break;
            (after, attempt) = (page.NextAfter, page.Attempt);
        }
    }

    /// <summary>
    /// The lines of a job's log as they come, of all attempts, until the job has ended. Where the connection breaks off, the log is taken up again behind the last line, so that no
    /// line is missing and none comes twice.
    /// </summary>
    /// <param name="job">Its id.</param>
    /// <param name="after">The <see cref="JobLogEvent.Id"/> of the last line that the caller has; null for the beginning of the last attempt.</param>
    /// <param name="cancellationToken">Ends the list; the job goes on.</param>
    /// <exception cref="LarderException">The server refused the request, or the connection broke off more often than <see cref="LarderClientOptions.Retries"/> without a line in between.</exception>
    public IAsyncEnumerable<JobLogEvent> FollowLogAsync(string job, string? after = null, CancellationToken cancellationToken = default) =>
        new LogFollower(_api, _options, ApiPath.Of(Root, job, "logs")).FollowAsync(after, cancellationToken);

    /// <summary>Requests the end of a job. It is <c>canceled</c> when nothing of it runs any more.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task<JobDetails> CancelAsync(string job, CancellationToken cancellationToken = default) =>
        (await _api.SendAsync(new ApiRequest(HttpMethod.Post, ApiPath.Of(Root, job, "cancel")), LarderJson.Default.JobAnswer, cancellationToken)).Job;

    /// <summary>Makes a new job of the same inputs.</summary>
    /// <param name="job">The id of the job that is repeated.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The new job.</returns>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task<JobDetails> RetryAsync(string job, CancellationToken cancellationToken = default) =>
        (await _api.SendAsync(new ApiRequest(HttpMethod.Post, ApiPath.Of(Root, job, "retry")), LarderJson.Default.JobAnswer, cancellationToken)).Job;

    /// <summary>Deletes a job that has ended, with its log and outputs.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The server's sentence.</returns>
    /// <exception cref="LarderException">The server refused the deletion, or cannot be reached.</exception>
    public async Task<string> DeleteAsync(string job, CancellationToken cancellationToken = default) =>
        (await _api.SendAsync(new ApiRequest(HttpMethod.Delete, ApiPath.Of(Root, job)), LarderJson.Default.Answer, cancellationToken)).HttpStatus.Description;

    /// <summary>What a job was given.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public Task<JobInputListAnswer> GetInputsAsync(string job, CancellationToken cancellationToken = default) =>
        _api.GetAsync(ApiPath.Of(Root, job, "inputs"), LarderJson.Default.JobInputListAnswer, cancellationToken);

    /// <summary>The files that a job left.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task<IReadOnlyList<JobOutputDetails>> GetOutputsAsync(string job, CancellationToken cancellationToken = default) =>
        (await _api.GetAsync(ApiPath.Of(Root, job, "outputs"), LarderJson.Default.JobOutputListAnswer, cancellationToken)).Outputs;

    /// <summary>Writes a file that a job left to a stream.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="path">The file's path below the outputs.</param>
    /// <param name="destination">Where it is written.</param>
    /// <param name="progress">Gets the bytes that were written so far.</param>
    /// <param name="cancellationToken">Cancels the download.</param>
    /// <exception cref="LarderException">The server refused the request, cannot be reached, or the connection broke off.</exception>
    public Task DownloadOutputAsync(string job, string path, Stream destination, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        _api.DownloadAsync(ApiPath.Of(Root, job, "outputs").File(path), destination, progress, cancellationToken);
}
