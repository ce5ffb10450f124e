using Larder.Functions.Access;
using Larder.Inference;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Larder.Functions.Http;

/// <summary>
/// Refuses a request whose path, as the client sent it, has a segment <c>.</c> or <c>..</c>, percent-encoded or not. The web server resolves those before
/// routing (RFC 3986, section 5.2.4), so that <c>DELETE .../models/iris/aliases/%2e%2e</c> would delete the model. The Functions host resolves them too, and
/// hands on the result; in Azure, the platform in front of it keeps the client's path in a header.
/// </summary>
internal sealed class RawTargetMiddleware(Platform platform) : IFunctionsWorkerMiddleware
{
    /// <summary>App Service's copy of the path and query as they came. Elsewhere the header would be the caller's own word.</summary>
    private const string PlatformHeader = "X-WAWS-Unencoded-URL";

    /// <inheritdoc />
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http && Refuses(http))
            throw new HttpStatusException(ErrorKind.Malformed, "The path has a segment '.' or '..'. Send the path without such segments; names cannot be '.' or '..'.");
        return next(context);
    }

    /// <summary>Whether a request is refused.</summary>
    internal bool Refuses(HttpContext http) =>
        HasDotSegment(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget)
        || (platform.IsAzure && HasDotSegment(http.Request.Headers[PlatformHeader].ToString()));

    /// <summary>Whether the path of a request's target has a dot segment. A backslash counts as a slash, as some proxies take it.</summary>
    internal static bool HasDotSegment(ReadOnlySpan<char> target)
    {
        var end = target.IndexOfAny('?', '#');
        var path = end < 0 ? target : target[..end];
        // Most paths have neither, and are not looked at again.
        if (path.IndexOfAny('.', '%') < 0)
            return false;
        foreach (var range in path.SplitAny('/', '\\'))
        {
            if (IsDots(path[range]))
                return true;
        }

        return false;
    }

    private static bool IsDots(ReadOnlySpan<char> segment)
    {
        var dots = 0;
        while (!segment.IsEmpty)
        {
            var length = segment[0] == '.' ? 1 : segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase) ? 3 : 0;
            if (length == 0 || ++dots > 2)
                return false;
            segment = segment[length..];
        }

        return dots > 0;
    }
}
