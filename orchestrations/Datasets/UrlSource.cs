using System.Net;
using Larder.Orchestrations.Outbound;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Datasets;

/// <summary>
/// Data sets and archives behind URLs: only of hosts that a setting names, and only at public addresses, which are looked at when the connection is made, so that
/// a name cannot lead elsewhere. Redirects are followed by the same rules. No credentials, cookies or proxies.
/// </summary>
public sealed class UrlSource : IDisposable
{
    private const int MostRedirects = 5;

    private readonly ScoringLimits _limits;
    private readonly HttpClient _client;

    /// <summary>Makes one.</summary>
    /// <param name="limits">Which hosts.</param>
    public UrlSource(ScoringLimits limits)
        : this(limits, PublicAddress.Is)
    {
    }

    internal UrlSource(ScoringLimits limits, Func<IPAddress, bool> isAllowed)
    {
        _limits = limits;
        _client = new HttpClient(OutboundHandler.Create(isAllowed)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Refuses a URL that is not allowed, without a request.</summary>
    /// <exception cref="InvalidRequestException">It is no such URL.</exception>
    public Uri Require(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
            throw new InvalidRequestException("Only http and https URLs can be fetched.");
        if (uri.UserInfo.Length > 0)
            throw new InvalidRequestException("The URL must not have a user name or password.");
        if (!IsListed(uri.IdnHost))
            throw new InvalidRequestException($"The host {Quoted.Text(uri.Host)} is not one that may be fetched from (Limits:Scoring:UrlHosts).");
        return uri;
    }

    /// <summary>Refuses a job whose data set is yet to be fetched from a URL that is not allowed any more.</summary>
    /// <exception cref="InvalidRequestException">It is none that may be fetched.</exception>
    public void RequireSource(Job job)
    {
        if (job.Source is { } source && DatasetSource.IsUrl(source) && job.Inputs.All(input => input.Name != FoundDataset.InputName))
            Require(source);
    }

    /// <summary>Opens one.</summary>
    /// <param name="url">The URL.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Its bytes, to be read once, and how many it says there are.</returns>
    /// <exception cref="InvalidRequestException">It is not allowed, or there is none: why.</exception>
    public async Task<(Stream Content, long? Length)> OpenAsync(string url, CancellationToken cancellationToken)
    {
        var uri = Require(url);
        for (var redirects = 0; ; redirects++)
        {
            HttpResponseMessage response;
            try
            {
                response = await _client.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            }
            catch (HttpRequestException e) when (e.InnerException is InvalidRequestException refused)
            {
                throw refused;
            }
            catch (HttpRequestException e) when (e.InnerException is ConnectionRefusedException refused)
            {
                throw new InvalidRequestException(refused.Message);
            }

            if (response.IsSuccessStatusCode)
                return (new ResponseStream(response, await response.Content.ReadAsStreamAsync(cancellationToken)), response.Content.Headers.ContentLength);
            using (response)
            {
                if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
                {
                    if ((int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.TooManyRequests)
                        throw new HttpRequestException($"{uri.Host} answered {(int)response.StatusCode}.");
                    throw new InvalidRequestException($"The host {Quoted.Text(uri.Host)} answered {(int)response.StatusCode} to the URL.");
                }

                if (redirects == MostRedirects)
                    throw new InvalidRequestException($"The URL leads on more than {MostRedirects} times.");
                var next = new Uri(uri, location);
                if (uri.Scheme == Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttps)
                    throw new InvalidRequestException("The URL leads from https to something else.");
                uri = Require(next.AbsoluteUri);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private bool IsListed(string host)
    {
        foreach (var listed in _limits.UrlHosts.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (listed.StartsWith("*.", StringComparison.Ordinal)
                    ? host.Length > listed.Length - 1 && host.EndsWith(listed[1..], StringComparison.OrdinalIgnoreCase)
                    : host.Equals(listed, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary>Ends the answer with the stream.</summary>
    private sealed class ResponseStream(HttpResponseMessage response, Stream content) : ForwardStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => content.ReadAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => content.Read(buffer, offset, count);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                content.Dispose();
                response.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
