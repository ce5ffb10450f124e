using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Starts batch scorings; <see cref="JobsClient"/> follows them and reads their results.</summary>
public sealed class ScoringsClient
{
    private readonly ApiConnection _api;

    internal ScoringsClient(ApiConnection api) => _api = api;

    /// <summary>Starts a scoring, which leaves a file with a row for each row of the data set.</summary>
    /// <param name="reference">The model or version; the version is fixed when the job is accepted.</param>
    /// <param name="scoring">Data set and options.</param>
    /// <param name="progress">Gets the bytes of the data set that were sent so far.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The job.</returns>
    /// <exception cref="ArgumentException">Not exactly one of a data set and its address is given.</exception>
    /// <exception cref="LarderException">The server refused the scoring, or cannot be reached.</exception>
    public async Task<JobDetails> StartAsync(string reference, ScoringSubmission scoring, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(scoring);
        if (scoring.Dataset is null == scoring.DatasetAddress is null)
            throw new ArgumentException("Give a data set, or its address.", nameof(scoring));
        var form = new ApiForm().Text("options", scoring.Options?.GetRawText()).Text("dataset", scoring.DatasetAddress).File("dataset", scoring.Dataset, progress);
        var request = new ApiRequest(HttpMethod.Post, ApiPath.Of("api/v1/models", reference, "scoring"))
        {
            Content = form.Content,
            IdempotencyKey = scoring.IdempotencyKey ?? $"{Guid.NewGuid():N}",
            TakesLong = true,
        };
        return (await _api.SendAsync(request, LarderJson.Default.JobAnswer, cancellationToken)).Job;
    }
}
