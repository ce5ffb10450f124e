using System.ComponentModel;
using System.Text;
using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Dashboard;

/// <summary>Begins and ends sessions of browsers.</summary>
internal sealed class SignIn(Pages pages, PageForms forms, CallerResolver callers, BrowserSessions sessions)
{
    /// <summary>Where a browser signs in.</summary>
    internal const string Path = "/ui/sign-in";

    /// <summary>The parameter, and the field, with the path to go to afterwards.</summary>
    internal const string Target = "to";

    private const string Start = "/ui/models";

    private static readonly Uri AnyServer = new("http://server/");

    /// <summary>The form.</summary>
    [Function("UiSignIn"), Requires(Role.None), Description("The page to sign in.")]
    [Query(Target), Answers(MediaType = "text/html")]
    public async Task<IActionResult> Form([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/sign-in")] HttpRequest request)
    {
        var target = TargetOf(request.Query[Target]);
        return callers.IsOpen ? pages.Go(request, target) : await ShowAsync(request, target, sentence: null, StatusCodes.Status200OK);
    }

    /// <summary>Begins a session for a token.</summary>
    [Function("UiSignInWithToken"), Requires(Role.None), Description("Signs a browser in with a token or key.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Take(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/sign-in")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var form = await forms.ReadAsync(request, cancellationToken);
        var target = TargetOf(form[Target]);
        var token = Encoding.UTF8.GetBytes(form["token"]);
        var credential = new Credential(KeyHash.Of(token), CallerToken.IsToken(token));
        var identity = await callers.OfCredentialAsync(request, "UiSignInWithToken", credential);
        if (identity.Caller is null)
            return await ShowAsync(request, target, identity.Sentence, StatusCodes.Status401Unauthorized);
        if (identity.Caller.Role < Role.Reader)
            return await ShowAsync(request, target, $"{identity.Caller.Name} has no role here, so there is nothing to see: ask an administrator for one.", StatusCodes.Status403Forbidden);
        if (identity.Caller.Run is not null)
            return await ShowAsync(request, target, "The token of a job is good for logging to the job's run, and for nothing else.", StatusCodes.Status403Forbidden);
        sessions.Begin(request.HttpContext, credential.Hash);
        return pages.Go(request, target);
    }

    /// <summary>Ends the session.</summary>
    [Function("UiSignOut"), Requires(Role.None), Description("Signs a browser out.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Out(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/sign-out")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        await forms.ReadAsync(request, cancellationToken);
        BrowserSessions.End(request.HttpContext);
        return pages.Go(request, Path, "You are signed out.");
    }

    private Task<IActionResult> ShowAsync(HttpRequest request, string target, string? sentence, int status) =>
        pages.ShowAsync<SignInPage>(request, new()
        {
            [nameof(SignInPage.Target)] = target,
            [nameof(SignInPage.Sentence)] = sentence,
            [nameof(SignInPage.Platform)] = callers.BelievesPrincipals ? ClientPrincipal.SignIn(target) : null,
        }, status);

    // A page of this server only: a link must not lead through the form to another place.
    private static string TargetOf(string? text) =>
        text is ['/', not ('/' or '\\'), ..] && Uri.TryCreate(AnyServer, text, out var target) && target.Host == AnyServer.Host
        && target.AbsolutePath.StartsWith("/ui/", StringComparison.Ordinal) && target.AbsolutePath != Path
            ? target.PathAndQuery
            : Start;
}
