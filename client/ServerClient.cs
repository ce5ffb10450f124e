using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>The server itself.</summary>
public sealed class ServerClient
{
    private readonly ApiConnection _api;

    internal ServerClient(ApiConnection api) => _api = api;

    /// <summary>The versions of the server, of .NET and of ONNX Runtime. It takes the role reader, so that it checks a token too.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public Task<VersionAnswer> GetVersionAsync(CancellationToken cancellationToken = default) =>
        _api.GetAsync(ApiPath.Of("api/v1/version"), LarderJson.Default.VersionAnswer, cancellationToken);

    /// <summary>Whether the server is ready: its storage answers, and its models are loaded. It takes no token.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The server's sentence.</returns>
    /// <exception cref="LarderException">It is not ready (503), and the message says what it waits for; or it cannot be reached.</exception>
    public async Task<string> CheckReadyAsync(CancellationToken cancellationToken = default) =>
        (await _api.SendAsync(new ApiRequest(HttpMethod.Get, ApiPath.Of("readyz")) { IsProbe = true }, LarderJson.Default.Answer, cancellationToken)).HttpStatus.Description;
}
