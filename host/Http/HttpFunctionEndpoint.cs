using Larder.Host.Functions;
using Larder.Host.Invocation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Http;

/// <summary>What happens to a request that was routed to a function: limits, invocation, and an answer in any case.</summary>
internal sealed partial class HttpFunctionEndpoint(
    HostFunction function, HttpFunctionContexts contexts, HttpThrottle throttle, HttpOptions options, Func<HttpContext, Task>? writeRefusal)
{
    public async Task InvokeAsync(HttpContext http)
    {
        AddHeaders(http);
        if (!throttle.TryEnter())
        {
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            await WriteRefusalAsync(http);
            return;
        }

        // One method for all of it, since each asynchronous one costs an object for each request that waits.
        var running = false;
        var context = contexts.Begin(function, http);
        try
        {
            await throttle.WaitAsync(http);
            running = true;
            if (function.Logger.IsEnabled(LogLevel.Debug))
                await FunctionDispatcher.RunAsync(context, LogLevel.Debug, LogLevel.Debug);
            else
                await function.Pipeline(context);
            await AnswerAsync(context);
        }
        catch (Exception exception)
        {
            await FailAsync(http, exception);
        }
        finally
        {
            contexts.End(context);
            if (running)
                throttle.Release();
            throttle.Leave();
        }
    }

    // As the official integration does, it knows IActionResult and IResult; anything else leaves the response as the function made it.
    private Task AnswerAsync(HttpFunctionContext context)
    {
        switch (context.ResultValue)
        {
            case IResult result:
                return result.ExecuteAsync(context.HttpContext);
            case EmptyResult or null:
                return Task.CompletedTask;
            case IActionResult result:
                var action = ((HttpTriggerBinding)function.Binding).Action;
                return result.ExecuteResultAsync(new ActionContext(context.HttpContext, context.HttpContext.GetRouteData(), action));
            case var other:
                NotAnAnswer(function.Logger, function.Name, other.GetType().Name);
                return Task.CompletedTask;
        }
    }

    private async Task FailAsync(HttpContext http, Exception exception)
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
        await WriteRefusalAsync(http);
    }

    private Task WriteRefusalAsync(HttpContext http) => writeRefusal?.Invoke(http) ?? Task.CompletedTask;

    // On every answer. A function's own value takes the place of one of these, as with the Functions host.
    private void AddHeaders(HttpContext http)
    {
        foreach (var (name, value) in options.CustomHeaders)
            http.Response.Headers[name] = value;
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "No HTTP response returned from function '{Function}': its result, a {Type}, is neither an IActionResult nor an IResult.")]
    private static partial void NotAnAnswer(ILogger logger, string function, string type);

    [LoggerMessage(EventId = 11, Level = LogLevel.Error, Message = "Exception while executing function: Functions.{Function}")]
    private static partial void Failed(ILogger logger, Exception exception, string function);

    [LoggerMessage(EventId = 12, Level = LogLevel.Debug, Message = "The client of function 'Functions.{Function}' has gone.")]
    private static partial void ClientGone(ILogger logger, Exception exception, string function);

    [LoggerMessage(EventId = 13, Level = LogLevel.Information, Message = "A request to function 'Functions.{Function}' was refused with status {Status}.")]
    private static partial void Refused(ILogger logger, Exception exception, string function, int status);
}
