using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Starts trainings; <see cref="JobsClient"/> follows them.</summary>
public sealed class TrainingsClient
{
    private readonly ApiConnection _api;

    internal TrainingsClient(ApiConnection api) => _api = api;

    /// <summary>Starts a training, which makes a new version of the model.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="training">Script, data set and options.</param>
    /// <param name="progress">Gets the bytes of the data set that were sent so far.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The job.</returns>
    /// <exception cref="ArgumentException">Not exactly one of a data set and its address is given.</exception>
    /// <exception cref="LarderException">The server refused the training, or cannot be reached.</exception>
    public async Task<JobDetails> StartAsync(string model, TrainingSubmission training, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        if (training.Dataset is null == training.DatasetAddress is null)
            throw new ArgumentException("Give a data set, or its address.", nameof(training));
        var form = new ApiForm()
            .Text("options", training.Options?.GetRawText())
            .Text("dataset", training.DatasetAddress)
            .File("script", training.Script)
            .File("requirements", training.Requirements)
            .File("dataset", training.Dataset, progress);
        var request = new ApiRequest(HttpMethod.Post, ApiPath.Of("api/v1/train", model))
        {
            Content = form.Content,
            IdempotencyKey = training.IdempotencyKey ?? $"{Guid.NewGuid():N}",
            TakesLong = true,
        };
        return (await _api.SendAsync(request, LarderJson.Default.JobAnswer, cancellationToken)).Job;
    }
}
