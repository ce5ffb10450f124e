using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Data sets that were uploaded in blocks (<see cref="UploadsClient"/>).</summary>
public sealed class DatasetsClient
{
    private const string Root = "api/v1/datasets";

    private readonly ApiConnection _api;

    internal DatasetsClient(ApiConnection api) => _api = api;

    /// <summary>Lists data sets, reading further pages as they are needed.</summary>
    /// <param name="model">The model that they belong to; null for all.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<DatasetDetails> ListAsync(string? model = null, CancellationToken cancellationToken = default) => Pages.AllAsync(
        (cursor, stop) => _api.GetAsync(ApiPath.Of(Root).With("model", model).With("cursor", cursor), LarderJson.Default.DatasetListAnswer, stop),
        page => page.Datasets,
        page => page.NextCursor,
        cancellationToken);

    /// <summary>A data set.</summary>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="fileName">Its name.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task<DatasetDetails> GetAsync(string model, string fileName, CancellationToken cancellationToken = default) =>
        (await _api.GetAsync(ApiPath.Of(Root, model, fileName), LarderJson.Default.DatasetAnswer, cancellationToken)).Dataset;

    /// <summary>Writes a data set to a stream.</summary>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="fileName">Its name.</param>
    /// <param name="destination">Where it is written.</param>
    /// <param name="progress">Gets the bytes that were written so far.</param>
    /// <param name="cancellationToken">Cancels the download.</param>
    /// <exception cref="LarderException">The server refused the request, cannot be reached, or the connection broke off.</exception>
    public Task DownloadAsync(string model, string fileName, Stream destination, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        _api.DownloadAsync(ApiPath.Of(Root, model, fileName, "download"), destination, progress, cancellationToken);

    /// <summary>Deletes a data set.</summary>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="fileName">Its name.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The server's sentence.</returns>
    /// <exception cref="LarderException">The server refused the deletion, or cannot be reached.</exception>
    public async Task<string> DeleteAsync(string model, string fileName, CancellationToken cancellationToken = default) =>
        (await _api.SendAsync(new ApiRequest(HttpMethod.Delete, ApiPath.Of(Root, model, fileName)), LarderJson.Default.Answer, cancellationToken)).HttpStatus.Description;
}
