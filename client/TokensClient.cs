using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Tokens of callers. It takes the role admin.</summary>
public sealed class TokensClient
{
    private const string Root = "api/v1/admin/tokens";

    private readonly ApiConnection _api;

    internal TokensClient(ApiConnection api) => _api = api;

    /// <summary>Lists tokens, without their secrets, reading further pages as they are needed.</summary>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<TokenDetails> ListAsync(CancellationToken cancellationToken = default) => Pages.AllAsync(
        (cursor, stop) => _api.GetAsync(ApiPath.Of(Root).With("cursor", cursor), LarderJson.Default.TokenListAnswer, stop),
        page => page.Tokens,
        page => page.NextCursor,
        cancellationToken);

    /// <summary>Makes a token. It is not repeated by itself: a repetition would be answered without the secret.</summary>
    /// <param name="token">Name, role, scope and expiry.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The one answer that has the secret.</returns>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public Task<NewTokenAnswer> CreateAsync(NewTokenRequest token, CancellationToken cancellationToken = default) => _api.SendAsync(
        new ApiRequest(HttpMethod.Post, ApiPath.Of(Root)) { Content = ApiConnection.Json(token, LarderJson.Default.NewTokenRequest) },
        LarderJson.Default.NewTokenAnswer,
        cancellationToken);

    /// <summary>Revokes a token.</summary>
    /// <param name="token">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The server's sentence.</returns>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public async Task<string> RevokeAsync(string token, CancellationToken cancellationToken = default) =>
        (await _api.SendAsync(new ApiRequest(HttpMethod.Delete, ApiPath.Of(Root, token)), LarderJson.Default.Answer, cancellationToken)).HttpStatus.Description;
}
