using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Larder.Host;

/// <summary>What happens to a request that was routed to a function: key, limits, invocation, and an answer whatever comes.</summary>
internal sealed partial class HttpFunctionEndpoint(
    HostFunction function, FunctionHost host, FunctionDispatcher dispatcher, HttpThrottle throttle, KeyRing? keys, HttpOptions options)
{
    private const string KeyHeader = "x-functions-key";
    private const string KeyQuery = "code";

    // The real host's reason for every HTTP invocation.
    private const string Reason = "This function was programmatically called via the host APIs.";

    public async Task InvokeAsync(HttpContext http)
    {
        AddHeaders(http);
        if (keys is not null && !keys.Opens(Key(http.Request)))
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (!throttle.TryEnter())
        {
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return;
        }

        // One method for all of it, since each asynchronous one costs an object for each request that waits.
        var running = false;
        var context = new HttpFunctionContext(function, host, http) { Reason = Reason };
        try
        {
            await throttle.WaitAsync(http);
            running = true;
            if (function.Logger.IsEnabled(LogLevel.Debug))
                await dispatcher.RunAsync(context, LogLevel.Debug, LogLevel.Debug);
            else
                await function.Pipeline(context);
            await HttpAnswer.WriteAsync(context);
        }
        catch (Exception exception)
        {
            Fail(http, exception);
        }
        finally
        {
            context.End();
            if (running)
                throttle.Release();
            throttle.Leave();
        }
    }

    private void Fail(HttpContext http, Exception exception)
    {
        if (http.RequestAborted.IsCancellationRequested)
        {
            ClientGone(function.Logger, exception, function.Name);
            return;
        }

        // A client's fault that ASP.NET Core found, such as a body that is too large, has its own status.
        var status = exception is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError;
        if (status >= StatusCodes.Status500InternalServerError)
            Failed(function.Logger, exception, function.Name);
        else
            Refused(function.Logger, exception, function.Name, status);
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.Clear();
        http.Response.StatusCode = status;
        AddHeaders(http);
    }

    // Of every answer, whoever gives it. A function's own value takes the place of one of these, as with the real host.
    private void AddHeaders(HttpContext http)
    {
        foreach (var (name, value) in options.CustomHeaders)
            http.Response.Headers[name] = value;
    }

    private static string? Key(HttpRequest request) =>
        request.Headers.TryGetValue(KeyHeader, out var header) ? header.ToString()
        : request.QueryString.HasValue ? request.Query[KeyQuery].ToString()
        : null;

    [LoggerMessage(EventId = 11, Level = LogLevel.Error, Message = "Exception while executing function: Functions.{Function}")]
    private static partial void Failed(ILogger logger, Exception exception, string function);

    [LoggerMessage(EventId = 12, Level = LogLevel.Debug, Message = "The client of function 'Functions.{Function}' has gone.")]
    private static partial void ClientGone(ILogger logger, Exception exception, string function);

    [LoggerMessage(EventId = 13, Level = LogLevel.Information, Message = "A request to function 'Functions.{Function}' was refused with status {Status}.")]
    private static partial void Refused(ILogger logger, Exception exception, string function, int status);
}
