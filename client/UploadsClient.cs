using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>
/// Uploads in blocks, of models and data sets of any size. The blocks go straight to storage, by a URL that can write one file for some hours and cannot read it. An upload that broke off is
/// taken up again with <see cref="GetAsync"/> and <see cref="SendAsync"/>.
/// </summary>
public sealed class UploadsClient
{
    private readonly ApiConnection _api;
    private readonly HttpClient _storage;

    internal UploadsClient(ApiConnection api, HttpClient storage) => (_api, _storage) = (api, storage);

    /// <summary>Begins an upload.</summary>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="upload">Kind, name and size of the file.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The upload, with its URL.</returns>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public async Task<UploadDetails> BeginAsync(string model, NewUploadRequest upload, CancellationToken cancellationToken = default)
    {
        var request = new ApiRequest(HttpMethod.Post, ApiPath.Of("api/v1/models", model, "uploads")) { Content = ApiConnection.Json(upload, LarderJson.Default.NewUploadRequest) };
        return (await _api.SendAsync(request, LarderJson.Default.UploadAnswer, cancellationToken)).Upload;
    }

    /// <summary>An upload, with its URL while that is valid.</summary>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="upload">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task<UploadDetails> GetAsync(string model, string upload, CancellationToken cancellationToken = default) =>
        (await _api.GetAsync(ApiPath.Of("api/v1/models", model, "uploads", upload), LarderJson.Default.UploadAnswer, cancellationToken)).Upload;

    /// <summary>Ends an upload that is not needed any more.</summary>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="upload">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task AbandonAsync(string model, string upload, CancellationToken cancellationToken = default) =>
        await _api.SendAsync(new ApiRequest(HttpMethod.Delete, ApiPath.Of("api/v1/models", model, "uploads", upload)), LarderJson.Default.Answer, cancellationToken);

    /// <summary>Sends a file's blocks to storage, one after the other, and joins them. <see cref="CompleteAsync"/> makes a version or a data set of them.</summary>
    /// <param name="upload">The upload, with its URL.</param>
    /// <param name="file">The file, which can seek and is at its beginning. It stays the caller's.</param>
    /// <param name="fromBlock">How many blocks storage has already, by an earlier call for the same upload and file: these are read for the hash, and not sent.</param>
    /// <param name="progress">Gets the state after each block, which a caller keeps who wants to go on later.</param>
    /// <param name="cancellationToken">Cancels the upload; what was sent stays.</param>
    /// <returns>The file's SHA-256, in lower-case hexadecimal digits.</returns>
    /// <exception cref="ArgumentException">The upload has no URL any more: begin another one.</exception>
    /// <exception cref="LarderException">Storage refused a block, or cannot be reached.</exception>
    public Task<string> SendAsync(UploadDetails upload, Stream file, int fromBlock = 0, IProgress<UploadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upload);
        return upload.Url is { } url
            ? new BlockUpload(_storage, url, upload.BlockSize).SendAsync(file, fromBlock, progress, cancellationToken)
            : throw new ArgumentException($"The upload {upload.Id} has no URL any more: begin another one.", nameof(upload));
    }

    /// <summary>Starts the job that checks what was sent and makes a version or a data set of it. The same request again is answered with the same job.</summary>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="upload">The upload's id.</param>
    /// <param name="completion">The hash, and what is said of a version.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The job.</returns>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public async Task<JobDetails> CompleteAsync(string model, string upload, CompleteUploadRequest completion, CancellationToken cancellationToken = default)
    {
        var request = new ApiRequest(HttpMethod.Post, ApiPath.Of("api/v1/models", model, "uploads", upload, "complete"))
        {
            Content = ApiConnection.Json(completion, LarderJson.Default.CompleteUploadRequest),
        };
        return (await _api.SendAsync(request, LarderJson.Default.JobAnswer, cancellationToken)).Job;
    }
}
