using System.Security.Cryptography;
using Larder.Inference.Limits;
using Larder.Registry.Access;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Access;

/// <summary>Settings of the web pages (<c>Dashboard:*</c>).</summary>
public sealed record DashboardOptions
{
    /// <summary>Hours after which a browser has to sign in again, 1 to 720.</summary>
    [Between(1, 720)]
    public int SessionHours { get; init; } = 12;
}

/// <summary>
/// The sessions of browsers: a cookie with the hash of the token or key that its user signed in with, encrypted and signed by data protection, for some hours. The token itself is not in it, and
/// each request looks the hash up as it does a token's, so a token that is revoked or expires ends its sessions.
/// </summary>
internal sealed class BrowserSessions(IDataProtectionProvider protection, DashboardOptions options)
{
    /// <summary>Where the pages are. Elsewhere a session is good for requests that change nothing: downloads, live logs.</summary>
    public static readonly PathString Pages = "/ui";

    private const string Cookie = "larder-session";

    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("Larder.BrowserSession").ToTimeLimitedDataProtector();

    /// <summary>The hash that a request's session is for; null without one, after its end, and where it does not count.</summary>
    public KeyHash? Of(HttpRequest request)
    {
        if (!request.Cookies.TryGetValue(Cookie, out var cookie) || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || request.Path.StartsWithSegments(Pages)))
            return null;
        try
        {
            return KeyHash.Parse(_protector.Unprotect(cookie));
        }
        catch (CryptographicException)
        {
            // Its time is over, its key is not kept any more, or it was made up.
            return null;
        }
    }

    /// <summary>Begins a session.</summary>
    public void Begin(HttpContext http, KeyHash hash)
    {
        var lifetime = TimeSpan.FromHours(options.SessionHours);
        http.Response.Cookies.Append(Cookie, _protector.Protect(hash.ToString(), lifetime), new CookieOptions
        {
            HttpOnly = true,
            // Lax: a link from elsewhere to a page finds its reader signed in. What changes something needs a form's token, too.
            SameSite = SameSiteMode.Lax,
            Secure = http.Request.IsHttps,
            Path = PathOf(http),
            MaxAge = lifetime,
        });
    }

    /// <summary>Whether a request has a session, good or not.</summary>
    public static bool IsIn(HttpRequest request) => request.Cookies.ContainsKey(Cookie);

    /// <summary>Ends the session of a request's browser.</summary>
    public static void End(HttpContext http) => http.Response.Cookies.Delete(Cookie, new CookieOptions { Path = PathOf(http) });

    private static string PathOf(HttpContext http) => http.Request.PathBase.HasValue ? http.Request.PathBase.Value! : "/";
}
