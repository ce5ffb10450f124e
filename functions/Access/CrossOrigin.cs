using Larder.Functions.Http;
using Larder.Functions.Prediction;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Access;

/// <summary>
/// Lets pages of the origins in <c>Access:AllowedOrigins</c> read answers (the Fetch standard's CORS protocol), by ASP.NET Core's own service. Without that setting no
/// answer has CORS headers. A preflight carries no credentials, so it is answered before callers are asked for any; cookies are not allowed.
/// </summary>
internal sealed class CrossOrigin
{
    private static readonly TimeSpan PreflightAge = TimeSpan.FromMinutes(10);

    private readonly ICorsService _cors;
    private readonly CorsPolicy? _policy;

    /// <summary>Reads the setting.</summary>
    public CrossOrigin(AccessOptions options, ICorsService cors)
    {
        _cors = cors;
        if (AccessOptions.Separate(options.AllowedOrigins) is { Length: > 0 } origins)
        {
            _policy = new CorsPolicyBuilder(origins)
                .AllowAnyHeader()
                .WithMethods(HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Put, HttpMethods.Patch, HttpMethods.Delete)
                .WithExposedHeaders(
                    HeaderNames.ETag, HeaderNames.Location, HeaderNames.RetryAfter, HeaderNames.Allow, HeaderNames.AcceptRanges, HeaderNames.ContentRange,
                    HeaderNames.ContentDisposition, HeaderNames.WWWAuthenticate, PredictionResponse.VersionHeader, CachedPrediction.StatusHeader, RequestIdMiddleware.Header)
                .SetPreflightMaxAge(PreflightAge)
                .Build();
        }
    }

    /// <summary>Adds the headers that the request's origin is to have.</summary>
    /// <returns>Whether the request is a preflight, and the headers are its whole answer.</returns>
    public bool Answers(HttpContext http)
    {
        if (_policy is null || http.Request.Headers.Origin.Count == 0)
            return false;
        var result = _cors.EvaluatePolicy(http, _policy);
        _cors.ApplyResult(result, http.Response);
        return result.IsPreflightRequest;
    }
}
