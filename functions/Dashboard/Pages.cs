using System.Security.Cryptography;
using Larder.Dashboard;
using Larder.Dashboard.Layout;
using Larder.Functions.Access;
using Larder.Functions.Operations;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Dashboard;

/// <summary>
/// Makes pages of the components in dashboard/. A page is rendered whole before anything is sent, inside the function, so that a failure still becomes an answer with its true status.
/// </summary>
internal sealed class Pages(IServiceProvider services, IAntiforgery forgery, IDataProtectionProvider protection, ServerVersion server, CallerResolver callers, ILoggerFactory loggers)
{
    /// <summary>A page may load what this server has, and send forms and requests to it, and nothing else; nothing in it is inline.</summary>
    internal const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private const string NoticeCookie = "larder-notice";

    private readonly ITimeLimitedDataProtector _notices = protection.CreateProtector("Larder.Notice").ToTimeLimitedDataProtector();

    /// <summary>Renders a page.</summary>
    /// <typeparam name="T">The component.</typeparam>
    /// <param name="request">The request.</param>
    /// <param name="parameters">The component's parameters.</param>
    /// <param name="status">The HTTP status.</param>
    public async Task<IActionResult> ShowAsync<T>(HttpRequest request, Dictionary<string, object?> parameters, int status = StatusCodes.Status200OK)
        where T : IComponent
    {
        var http = request.HttpContext;
        await using var renderer = new HtmlRenderer(services, loggers);
        var context = ContextOf(http);
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<Shell>(ParameterView.FromDictionary(new Dictionary<string, object?>
        {
            [nameof(Shell.Context)] = context,
            [nameof(Shell.Page)] = typeof(T),
            [nameof(Shell.Parameters)] = parameters,
        }))).ToHtmlString());
        http.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        // With no referrer at all, browsers send forms with the origin null.
        http.Response.Headers["Referrer-Policy"] = "same-origin";
        // What a page shows depends on who asks, and soon is not so any more.
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.Vary = HeaderNames.Cookie;
        return new ContentResult { Content = html, ContentType = "text/html; charset=utf-8", StatusCode = status };
    }

    /// <summary>Sends the browser to another page, with a GET, after a form was taken.</summary>
    /// <param name="request">The request.</param>
    /// <param name="path">The path of the page, without the base path.</param>
    /// <param name="notice">What the page is to say about it; null for nothing.</param>
    public IActionResult Go(HttpRequest request, string path, string? notice = null)
    {
        var response = request.HttpContext.Response;
        if (notice is not null)
        {
            response.Cookies.Append(
                NoticeCookie,
                _notices.Protect(notice, TimeSpan.FromMinutes(1)),
                new CookieOptions { HttpOnly = true, SameSite = Microsoft.AspNetCore.Http.SameSiteMode.Strict, Secure = request.IsHttps, MaxAge = TimeSpan.FromMinutes(1) });
        }
        response.Headers.Location = request.PathBase + path;
        // A script that sent the form goes there itself: it would follow a redirect, and the browser would then load the page a second time.
        return new StatusCodeResult(request.Headers.ContainsKey(HeaderNames.XRequestedWith) ? StatusCodes.Status201Created : StatusCodes.Status303SeeOther);
    }

    /// <summary>The query of a list's page, which the links to its other pages keep. A name stands as often as it was given.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> QueryOf(HttpRequest request) => [.. request.Query.SelectMany(one => one.Value.Select(value => KeyValuePair.Create(one.Key, value ?? "")))];

    private PageContext ContextOf(HttpContext http)
    {
        var caller = http.Features.Get<Caller>() ?? Caller.Anonymous;
        var viewer = new Viewer(
            caller.Name,
            RoleNames.Of(caller.Role),
            CanRead: caller.Role >= Role.Reader,
            CanPredict: caller.Role >= Role.Predictor,
            CanChange: caller.Role >= Role.Contributor,
            IsAdmin: caller.Role >= Role.Admin,
            HasScope: caller.Scope is not null,
            CanSignOut: BrowserSessions.IsIn(http.Request),
            PlatformSignOut: callers.IsOfPrincipal(http.Request) ? ClientPrincipal.SignOut(SignIn.Path) : null);
        var token = forgery.GetAndStoreTokens(http).RequestToken!;
        return new PageContext(http.Request.PathBase, http.Request.Path, viewer, token, TakeNotice(http), server.Version);
    }

    private string? TakeNotice(HttpContext http)
    {
        if (!http.Request.Cookies.TryGetValue(NoticeCookie, out var cookie))
            return null;
        http.Response.Cookies.Delete(NoticeCookie);
        try
        {
            return _notices.Unprotect(cookie);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
