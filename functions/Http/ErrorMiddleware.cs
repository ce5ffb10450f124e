using System.Text.Json;
using Larder.Inference;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Connections;
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
            var answer = Answer(exception, http, context.FunctionDefinition.Name);
            answer.Build(dialects.Of(http.Request.Path));
            context.GetInvocationResult().Value = answer;
        }
    }

    private ErrorAnswer Answer(Exception exception, HttpContext http, string function)
    {
        var kind = ErrorKinds.Of(exception);
        var id = http.Response.Headers[RequestIdMiddleware.Header].ToString();
        if (kind >= ErrorKind.Internal && kind != ErrorKind.Unsupported)
            LogFault(exception, function, id);
        var answer = new ErrorAnswer(kind, exception switch
        {
            JsonException e => $"The JSON is not valid (line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}).",
            BadHttpRequestException when kind == ErrorKind.TooLarge => "The request body is larger than this server accepts.",
            BadHttpRequestException when kind == ErrorKind.Slow => "The request body came too slowly.",
            BadHttpRequestException => "The request is not valid HTTP.",
            OperationCanceledException or ConnectionResetException => "The request was given up.",
            OutOfMemoryException => "The server has not the memory for this request: send a smaller one, or the same again later.",
            _ when kind == ErrorKind.NoRoom && exception is not NoRoomException => "The server's disk is full at this moment; try again later.",
            _ when kind == ErrorKind.Internal => $"The server failed. Its log has the reason under request id {id}.",
            _ => exception.Message,
        });
        return kind is ErrorKind.Unavailable or ErrorKind.NoRoom or ErrorKind.TooMany ? answer.WithHeader("Retry-After", "5") : answer;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Function} failed (request id {RequestId})")]
    private partial void LogFault(Exception exception, string function, string requestId);
}
