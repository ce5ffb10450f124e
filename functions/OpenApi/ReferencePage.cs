using System.ComponentModel;
using System.IO.Compression;
using System.Text.Encodings.Web;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;
using Scalar.AspNetCore;

namespace Larder.Functions.OpenApi;

/// <summary>The API, described for people: a page that renders the OpenAPI document with Scalar. All of it comes from this server.</summary>
public sealed class ReferencePage
{
    /// <summary>
    /// The page may run its own two scripts and call this server, and nothing else. Scalar sets its styles from its script, so styles may be inline; scripts may not.
    /// </summary>
    internal const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string Html = """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Larder API</title><link rel="icon" href="data:,"></head>
        <body><div id="reference"></div><script src="BASE/reference/scalar.js"></script><script src="BASE/reference/start.js"></script></body>
        </html>
        """;

    // What Scalar would fetch from its own servers, or send to them, is off; the policy would stop it, too.
    private const string Start = """
        const base = new URL('..', document.currentScript.src).pathname;
        Scalar.createApiReference('#reference', {
          url: new URLSearchParams(location.search).has('reference')
            ? base + 'api/v1/models/' + encodeURIComponent(new URLSearchParams(location.search).get('reference')) + '/openapi.json'
            : base + 'openapi.json',
          withDefaultFonts: false,
          telemetry: false,
          hideClientButton: true,
          showDeveloperTools: 'never',
          agent: { disabled: true },
          mcp: { disabled: true }
        })
        """;

    private const string Resource = "ScalarStaticAssets.scalar.js";
    private static readonly string ETag = $"\"{typeof(ScalarOptions).Assembly.GetName().Version}\"";

    /// <summary>The page.</summary>
    [Function("Reference"), Requires(Role.None), Description("A page that shows the OpenAPI document; ?reference= shows that of a model.")]
    [Query("reference"), Answers(MediaType = "text/html")]
    public IActionResult Page([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "reference")] HttpRequest request)
    {
        request.HttpContext.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        return new ContentResult { Content = Html.Replace("BASE", HtmlEncoder.Default.Encode(request.PathBase.ToUriComponent()), StringComparison.Ordinal), ContentType = "text/html; charset=utf-8" };
    }

    /// <summary>Its scripts: <c>scalar.js</c>, an embedded resource of Scalar.AspNetCore, and <c>start.js</c>.</summary>
    [Function("ReferenceScript"), Requires(Role.None), Description("The scripts of that page.")]
    [Query, Answers(MediaType = "text/javascript")]
    public async Task<IActionResult> Script(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "reference/{file}")] HttpRequest request,
        string file,
        CancellationToken cancellationToken)
    {
        if (file == "start.js")
            return new ContentResult { Content = Start, ContentType = "text/javascript; charset=utf-8" };
        if (file != "scalar.js")
            throw new NotFoundException("The page has the scripts scalar.js and start.js only.");
        var response = request.HttpContext.Response;
        response.Headers.ETag = ETag;
        response.Headers.CacheControl = "no-cache";
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (EntityTags.IsKnown(request, ETag))
            return new StatusCodeResult(StatusCodes.Status304NotModified);
        response.ContentType = "text/javascript; charset=utf-8";
        await using var packed = typeof(ScalarOptions).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"Scalar.AspNetCore has no resource {Resource}.");
        if (request.GetTypedHeaders().AcceptEncoding.Any(coding => coding.Value == "gzip" && coding.Quality != 0))
        {
            response.Headers.ContentEncoding = "gzip";
            response.ContentLength = packed.Length;
            await packed.CopyToAsync(response.Body, cancellationToken);
        }
        else
        {
            await using var script = new GZipStream(packed, CompressionMode.Decompress);
            await script.CopyToAsync(response.Body, cancellationToken);
        }
        return new EmptyResult();
    }
}
