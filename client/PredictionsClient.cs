using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Predictions. They change nothing, so that they are repeated like reads.</summary>
public sealed class PredictionsClient
{
    private readonly ApiConnection _api;

    internal PredictionsClient(ApiConnection api) => _api = api;

    /// <summary>Predicts for values.</summary>
    /// <param name="reference">The model or version.</param>
    /// <param name="values">Nested lists in the shape of the input, an object of inputs, or columns by name.</param>
    /// <param name="options">What else is said; null for nothing.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the values, or cannot be reached.</exception>
    public Task<PredictionAnswer> PredictAsync(string reference, JsonElement values, PredictionOptions? options = null, CancellationToken cancellationToken = default) =>
        SendAsync(reference, ApiConnection.Json(new PredictionRequest { Values = values }, LarderJson.Default.PredictionRequest), options, cancellationToken);

    /// <summary>Predicts for the rows of a table in CSV.</summary>
    /// <param name="reference">The model or version.</param>
    /// <param name="csv">The table, in UTF-8. The stream stays the caller's.</param>
    /// <param name="options">What else is said; null for nothing.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the table, or cannot be reached.</exception>
    public Task<PredictionAnswer> PredictCsvAsync(string reference, Stream csv, PredictionOptions? options = null, CancellationToken cancellationToken = default) =>
        SendAsync(reference, new FileContent(csv) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } }, options, cancellationToken);

    /// <summary>Predicts for a picture. The server recognises its format by its first bytes.</summary>
    /// <param name="reference">The model or version.</param>
    /// <param name="image">The picture's file. The stream stays the caller's.</param>
    /// <param name="options">What else is said; null for nothing.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the picture, or cannot be reached.</exception>
    public Task<PredictionAnswer> PredictImageAsync(string reference, Stream image, PredictionOptions? options = null, CancellationToken cancellationToken = default) =>
        SendAsync(reference, new FileContent(image) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } }, options, cancellationToken);

    private Task<PredictionAnswer> SendAsync(string reference, HttpContent content, PredictionOptions? options, CancellationToken cancellationToken)
    {
        var path = ApiPath.Of("api/v1/models", reference, "prediction")
            .With("top", options?.Top)
            .With("activation", options?.Activation)
            .With("output", options?.Output)
            .With("timeout", options?.Timeout?.ToString(CultureInfo.InvariantCulture))
            .With("header", Text(options?.Header))
            .With("by_position", Text(options?.ByPosition));
        return _api.SendAsync(new ApiRequest(HttpMethod.Post, path) { Content = content, OnlyReads = true }, LarderJson.Default.PredictionAnswer, cancellationToken);
    }

    private static string? Text(bool? value) => value switch { true => "true", false => "false", null => null };
}
