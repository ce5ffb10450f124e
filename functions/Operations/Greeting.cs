using System.ComponentModel;
using System.Text;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Operations;

/// <summary>The front door: who this is, what it answers to, and that nothing else is here.</summary>
public sealed class Greeting(RouteTable routes)
{
    /// <summary>
    /// The route of <c>/</c>. The Functions worker cannot parse a route <c>"/"</c> behind an empty prefix, and takes an empty one for the function's name:
    /// what it can parse is a parameter that is always absent.
    /// </summary>
    internal const string Root = "{root:maxlength(0)?}";

    /// <summary>Says hello; a browser is led to the pages.</summary>
    [Function("Greet"), Requires(Role.None), Description("Greeting; a browser gets the dashboard.")]
    [Answers(typeof(Answer))]
    public IActionResult Greet([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Root)] HttpRequest request)
    {
        var response = request.HttpContext.Response;
        response.Headers.Vary = HeaderNames.Accept;
        // Browsers name HTML itself; other clients say */* or nothing.
        if (request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase)))
        {
            response.Headers.Location = $"{request.PathBase}/ui/models";
            return new StatusCodeResult(StatusCodes.Status303SeeOther);
        }
        return Envelope.Ok("Greetings from Larder, the machine learning model platform. For more information, visit /help");
    }

    /// <summary>Lists the routes as plain text, each with the role that it needs.</summary>
    [Function("Help"), Requires(Role.None), Description("This list.")]
    [Answers(MediaType = "text/plain")]
    public IActionResult Help([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "help")] HttpRequest request)
    {
        var text = new StringBuilder("Larder: upload a model, get a versioned prediction endpoint.\n\n");
        var (methods, paths) = (routes.Entries.Max(route => string.Join(',', route.Methods).Length) + 1, routes.Entries.Max(route => route.Path.Length) + 1);
        foreach (var route in routes.Entries)
            text.Append(string.Join(',', route.Methods).PadRight(methods)).Append(route.Path.PadRight(paths)).Append((route.Role == Role.None ? "" : RoleNames.Of(route.Role)).PadRight(12)).Append(route.Summary).Append('\n');
        text.Append("\n{reference} is a model's name, name:3 (a version) or name:champion (an alias).\n");
        return new ContentResult { Content = text.ToString(), ContentType = "text/plain; charset=utf-8" };
    }

    /// <summary>
    /// Answers what no other function does, in the API's own error shape: 405 for a known path, 404 otherwise, with the nearest route.
    /// The Functions host alone would answer both with an empty 404. It tries functions in the order of their names, so the name comes last.
    /// </summary>
    [Function("ZzUnknownPath"), Requires(Role.None)]
    public IActionResult UnknownPath(
        [HttpTrigger(AuthorizationLevel.Anonymous, Route = "{*path}")] HttpRequest request)
    {
        var path = request.Path.Value ?? "/";
        var allowed = string.Join(", ", routes.MethodsOf(path));
        if (allowed.Length > 0)
            return new ErrorAnswer(ErrorKind.WrongMethod, $"{request.Method} is not possible here; {allowed} is.").WithHeader("Allow", allowed);
        var meant = routes.NearestTo(request.Method, path) is { } near ? $" Did you mean {string.Join(" or ", near.Methods)} {near.Path}?" : "";
        return new ErrorAnswer(ErrorKind.NotFound, $"There is no such route.{meant} GET /help lists all routes.");
    }
}
