using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Inference;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Larder.Functions.Dashboard;

/// <summary>Makes pages of the errors of pages: what other paths answer in JSON, these show with the same status and sentence. A caller who is not known is asked to sign in.</summary>
internal sealed class PageMiddleware(Pages pages) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc />
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next) =>
        // Predictions pass here, too.
        context.GetHttpContext() is { } http && http.Request.Path.StartsWithSegments(BrowserSessions.Pages) ? InvokePageAsync(context, http, next) : next(context);

    private async Task InvokePageAsync(FunctionContext context, HttpContext http, FunctionExecutionDelegate next)
    {
        await next(context);
        if (http.Response.HasStarted || context.GetInvocationResult().Value is not ErrorAnswer error)
            return;
        var request = http.Request;
        // Browsers would ask for a name and a password, in a window of their own.
        http.Response.Headers.WWWAuthenticate = default;
        context.GetInvocationResult().Value = error.Kind == ErrorKind.Unauthenticated && HttpMethods.IsGet(request.Method) && request.Path != SignIn.Path
            ? pages.Go(request, $"{SignIn.Path}?{SignIn.Target}={Uri.EscapeDataString(request.Path + request.QueryString)}")
            : await pages.ShowAsync<ProblemPage>(request, new() { [nameof(ProblemPage.Status)] = error.Status, [nameof(ProblemPage.Sentence)] = error.Sentence, [nameof(ProblemPage.IsSignIn)] = error.Kind == ErrorKind.Unauthenticated }, error.Status);
    }
}
