using System.Text.Json;
using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Models, versions and aliases. A <c>reference</c> is <c>name</c>, <c>name:3</c> or <c>name:champion</c>.</summary>
public sealed class ModelsClient
{
    private const string Root = "api/v1/models";

    private readonly ApiConnection _api;

    internal ModelsClient(ApiConnection api) => _api = api;

    /// <summary>Lists models by name, reading further pages as they are needed.</summary>
    /// <param name="filter">Which models; null for all.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<ModelDetails> ListAsync(ModelFilter? filter = null, CancellationToken cancellationToken = default)
    {
        filter ??= new ModelFilter();
        return Pages.AllAsync(
            (cursor, stop) => _api.GetAsync(
                ApiPath.Of(Root).With("detail", true).With("owner", filter.Owners).With("tag", filter.Tags).With("deleted", filter.Deleted).With("cursor", cursor),
                LarderJson.Default.ModelListAnswer,
                stop),
            page => page.Models,
            page => page.NextCursor,
            cancellationToken);
    }

    /// <summary>A model, the version that the reference means, and its first versions.</summary>
    /// <param name="reference">The model or version.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public Task<ModelAnswer> GetAsync(string reference, CancellationToken cancellationToken = default) =>
        _api.GetAsync(ApiPath.Of(Root, reference), LarderJson.Default.ModelAnswer, cancellationToken);

    /// <summary>Lists the versions of a model, the oldest first, reading further pages as they are needed.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<VersionDetails> ListVersionsAsync(string model, CancellationToken cancellationToken = default) => Pages.AllAsync(
        (cursor, stop) => _api.GetAsync(ApiPath.Of(Root, model).With("cursor", cursor), LarderJson.Default.ModelAnswer, stop),
        page => page.Versions,
        page => page.NextCursor,
        cancellationToken);

    /// <summary>Uploads a model in one request. A file that may be above the server's limit for a request goes by <see cref="UploadsClient"/>.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="upload">The file, and what is said of it.</param>
    /// <param name="progress">Gets the bytes of the file that were sent so far.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The new version.</returns>
    /// <exception cref="LarderException">The server refused the model, or cannot be reached.</exception>
    public Task<UploadedVersionAnswer> UploadAsync(string model, ModelUpload upload, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upload);
        var form = new ApiForm()
            .Text("model_description", upload.ModelDescription)
            .Text("description", upload.Description)
            .Text("tags", upload.Tags is { } tags ? JsonSerializer.Serialize(tags, LarderJson.Default.IReadOnlyDictionaryStringString) : null)
            .Text("source", upload.Source)
            .Text("aliases", upload.Aliases is { } aliases ? JsonSerializer.Serialize(aliases, LarderJson.Default.IReadOnlyListString) : null)
            .Text("sha256", upload.Sha256)
            .Text("force", upload.Force ? "true" : null)
            .File("path", upload.File, progress);
        var request = new ApiRequest(HttpMethod.Put, ApiPath.Of(Root, model)) { Content = form.Content, IdempotencyKey = upload.IdempotencyKey ?? $"{Guid.NewGuid():N}", TakesLong = true };
        return _api.SendAsync(request, LarderJson.Default.UploadedVersionAnswer, cancellationToken);
    }

    /// <summary>Writes a version's file to a stream; of a version of several files, a zip of them.</summary>
    /// <param name="reference">The model or version.</param>
    /// <param name="destination">Where it is written.</param>
    /// <param name="progress">Gets the bytes that were written so far.</param>
    /// <param name="cancellationToken">Cancels the download.</param>
    /// <exception cref="LarderException">The server refused the request, cannot be reached, or the connection broke off.</exception>
    public Task DownloadAsync(string reference, Stream destination, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        _api.DownloadAsync(ApiPath.Of(Root, reference, "download"), destination, progress, cancellationToken);

    /// <summary>Changes a model: description, owner, tags, settings. What is null stays.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="edit">The changes.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the change, or cannot be reached.</exception>
    public async Task<ModelDetails> EditAsync(string model, ModelEditRequest edit, CancellationToken cancellationToken = default)
    {
        var request = new ApiRequest(HttpMethod.Post, ApiPath.Of(Root, model)) { Content = ApiConnection.Json(edit, LarderJson.Default.ModelEditRequest) };
        return (await _api.SendAsync(request, LarderJson.Default.ModelEditAnswer, cancellationToken)).Model;
    }

    /// <summary>Changes a version: description, source, tags, labels, features. What is null stays.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="version">The version.</param>
    /// <param name="edit">The changes.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the change, or cannot be reached.</exception>
    public async Task<VersionDetails> EditVersionAsync(string model, int version, VersionEditRequest edit, CancellationToken cancellationToken = default)
    {
        var request = new ApiRequest(HttpMethod.Post, ApiPath.Of(Root, $"{model}:{version}")) { Content = ApiConnection.Json(edit, LarderJson.Default.VersionEditRequest) };
        return (await _api.SendAsync(request, LarderJson.Default.VersionEditAnswer, cancellationToken)).Version;
    }

    /// <summary>Makes an alias point at a version.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="alias">The alias.</param>
    /// <param name="version">The version.</param>
    /// <param name="force">Whether it moves also when the version does not give the outputs of its samples.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>Where it pointed before, and where it points now.</returns>
    /// <exception cref="LarderException">The server refused the move, or cannot be reached.</exception>
    public Task<AliasAnswer> SetAliasAsync(string model, string alias, int version, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new ApiRequest(HttpMethod.Put, ApiPath.Of(Root, model, "aliases", alias).With("force", force))
        {
            Content = ApiConnection.Json(new AliasRequest { Version = version }, LarderJson.Default.AliasRequest),
        };
        return _api.SendAsync(request, LarderJson.Default.AliasAnswer, cancellationToken);
    }

    /// <summary>Removes an alias.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="alias">The alias.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public Task<AliasAnswer> DeleteAliasAsync(string model, string alias, CancellationToken cancellationToken = default) =>
        _api.SendAsync(new ApiRequest(HttpMethod.Delete, ApiPath.Of(Root, model, "aliases", alias)), LarderJson.Default.AliasAnswer, cancellationToken);

    /// <summary>Sets the version that requests without a version get.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="version">The version; null for the newest, also in future.</param>
    /// <param name="force">Whether it is set also when the version does not give the outputs of its samples.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the change, or cannot be reached.</exception>
    public Task<AliasAnswer> SetDefaultAsync(string model, int? version, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new ApiRequest(HttpMethod.Post, ApiPath.Of(Root, model, "default").With("force", force))
        {
            Content = ApiConnection.Json(new DefaultRequest { Default = version }, LarderJson.Default.DefaultRequest),
        };
        return _api.SendAsync(request, LarderJson.Default.AliasAnswer, cancellationToken);
    }

    /// <summary>Deletes a version (<c>name:3</c>) or a whole model (<c>name</c>).</summary>
    /// <param name="reference">What is deleted.</param>
    /// <param name="force">Whether it is deleted also while an alias points at it or a schedule needs it.</param>
    /// <param name="purge">Whether it is deleted for good, and cannot be restored.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The server's sentence.</returns>
    /// <exception cref="LarderException">The server refused the deletion, or cannot be reached.</exception>
    public async Task<string> DeleteAsync(string reference, bool force = false, bool purge = false, CancellationToken cancellationToken = default)
    {
        var request = new ApiRequest(HttpMethod.Delete, ApiPath.Of(Root, reference).With("force", force).With("purge", purge));
        return (await _api.SendAsync(request, LarderJson.Default.Answer, cancellationToken)).HttpStatus.Description;
    }

    /// <summary>Restores a deleted version (<c>name:3</c>) or model (<c>name</c>).</summary>
    /// <param name="reference">What is restored.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public async Task<ModelDetails> RestoreAsync(string reference, CancellationToken cancellationToken = default) =>
        (await _api.SendAsync(new ApiRequest(HttpMethod.Post, ApiPath.Of(Root, reference, "restore")), LarderJson.Default.ModelEditAnswer, cancellationToken)).Model;
}
