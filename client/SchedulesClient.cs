using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Schedules of jobs.</summary>
public sealed class SchedulesClient
{
    private const string Root = "api/v1/schedules";

    private readonly ApiConnection _api;

    internal SchedulesClient(ApiConnection api) => _api = api;

    /// <summary>Lists schedules, the newest first, reading further pages as they are needed.</summary>
    /// <param name="model">The model of their jobs; null for all.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<ScheduleDetails> ListAsync(string? model = null, CancellationToken cancellationToken = default) => Pages.AllAsync(
        (cursor, stop) => _api.GetAsync(ApiPath.Of(Root).With("model", model).With("cursor", cursor), LarderJson.Default.ScheduleListAnswer, stop),
        page => page.Schedules,
        page => page.NextCursor,
        cancellationToken);

    /// <summary>A schedule, with the next times that it runs.</summary>
    /// <param name="schedule">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public Task<ScheduleAnswer> GetAsync(string schedule, CancellationToken cancellationToken = default) =>
        _api.GetAsync(ApiPath.Of(Root, schedule), LarderJson.Default.ScheduleAnswer, cancellationToken);

    /// <summary>Creates a schedule.</summary>
    /// <param name="schedule">What runs, and when.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public Task<ScheduleDetails> CreateAsync(ScheduleRequest schedule, CancellationToken cancellationToken = default) => SendAsync(HttpMethod.Post, ApiPath.Of(Root), schedule, cancellationToken);

    /// <summary>Changes a schedule. What is null stays.</summary>
    /// <param name="schedule">Its id.</param>
    /// <param name="change">The changes.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public Task<ScheduleDetails> UpdateAsync(string schedule, ScheduleRequest change, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Patch, ApiPath.Of(Root, schedule), change, cancellationToken);

    /// <summary>Stops a schedule from running until it is resumed.</summary>
    /// <param name="schedule">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public Task<ScheduleDetails> PauseAsync(string schedule, CancellationToken cancellationToken = default) => SendAsync(HttpMethod.Post, ApiPath.Of(Root, schedule, "pause"), null, cancellationToken);

    /// <summary>Lets a paused schedule run again.</summary>
    /// <param name="schedule">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public Task<ScheduleDetails> ResumeAsync(string schedule, CancellationToken cancellationToken = default) => SendAsync(HttpMethod.Post, ApiPath.Of(Root, schedule, "resume"), null, cancellationToken);

    /// <summary>Runs a schedule now.</summary>
    /// <param name="schedule">Its id.</param>
    /// <param name="idempotencyKey">A repeated request with the same key is answered with the job of the first; null for a new one.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The job.</returns>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public async Task<JobDetails> RunAsync(string schedule, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        (await _api.SendAsync(
            new ApiRequest(HttpMethod.Post, ApiPath.Of(Root, schedule, "run")) { IdempotencyKey = idempotencyKey ?? $"{Guid.NewGuid():N}" },
            LarderJson.Default.JobAnswer,
            cancellationToken)).Job;

    /// <summary>Lists the runs of a schedule, the newest first, reading further pages as they are needed.</summary>
    /// <param name="schedule">Its id.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<ScheduleRunDetails> ListRunsAsync(string schedule, CancellationToken cancellationToken = default) => Pages.AllAsync(
        (cursor, stop) => _api.GetAsync(ApiPath.Of(Root, schedule, "runs").With("cursor", cursor), LarderJson.Default.ScheduleRunListAnswer, stop),
        page => page.Runs,
        page => page.NextCursor,
        cancellationToken);

    /// <summary>Deletes a schedule. Its jobs stay.</summary>
    /// <param name="schedule">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The server's sentence.</returns>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public async Task<string> DeleteAsync(string schedule, CancellationToken cancellationToken = default) =>
        (await _api.SendAsync(new ApiRequest(HttpMethod.Delete, ApiPath.Of(Root, schedule)), LarderJson.Default.Answer, cancellationToken)).HttpStatus.Description;

    private async Task<ScheduleDetails> SendAsync(HttpMethod method, ApiPath path, ScheduleRequest? body, CancellationToken cancellationToken)
    {
        var request = new ApiRequest(method, path) { Content = body is null ? null : ApiConnection.Json(body, LarderJson.Default.ScheduleRequest) };
        return (await _api.SendAsync(request, LarderJson.Default.ScheduleAnswer, cancellationToken)).Schedule;
    }
}
