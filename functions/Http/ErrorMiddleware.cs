using System.Globalization;
using Larder.Inference;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Http;

/// <summary>
/// Turns what went wrong into an answer in the dialect of the route: 4xx with a sentence for the caller's fault, 5xx with the request id for ours.
/// Nothing else in functions/ catches for that purpose.
/// </summary>
internal sealed partial class ErrorMiddleware(Dialects dialects, ILogger<ErrorMiddleware> logger) : IFunctionsWorkerMiddleware
{
    // Seconds.
    private const double DefaultWait = 5;

    /// <inheritdoc />
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        var http = context.GetHttpContext();
        try
        {
            await next(context);
            // Predictions and files are on their way by now. Anything else is written here, since behind this nothing could tell a failure.
            if (http is { Response.HasStarted: false })
                (context.GetInvocationResult().Value as JsonAnswer)?.Build(dialects.Of(http.Request.Path));
        }
        catch (Exception exception) when (http is { Response.HasStarted: false })
        {
            // The worker calls functions of classes that are not public by reflection, and wraps what they throw.
            var cause = exception is AggregateException { InnerExceptions: [var only] } ? only : exception;
            var answer = Answer(cause, http, context.FunctionDefinition.Name);
            answer.Build(dialects.Of(http.Request.Path));
            context.GetInvocationResult().Value = answer;
        }
    }

    private ErrorAnswer Answer(Exception exception, HttpContext http, string function)
    {
        var kind = ErrorKinds.Of(exception);
        var id = http.Response.Headers[RequestIdMiddleware.Header].ToString();
        if (ErrorKinds.IsFault(kind))
            LogFault(exception, function, id);
        var answer = new ErrorAnswer(kind, ErrorKinds.Sentence(exception, kind, id));
        if (kind is not (ErrorKind.Unavailable or ErrorKind.NoRoom or ErrorKind.TooMany))
            return answer;
        var wait = (exception as LarderException)?.RetryAfter is { } known ? Math.Max(1, Math.Ceiling(known.TotalSeconds)) : DefaultWait;
        return answer.WithHeader("Retry-After", wait.ToString(CultureInfo.InvariantCulture));
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Function} failed (request id {RequestId})")]
    private partial void LogFault(Exception exception, string function, string requestId);
}
