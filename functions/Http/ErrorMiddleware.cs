using System.Text.Json;
using Larder.Inference;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace Larder.Functions;

/// <summary>
/// Turns what went wrong into the envelope: 4xx with a sentence for the caller's fault, 5xx with the request id for ours.
/// Nothing else in functions/ catches for that purpose.
/// </summary>
internal sealed partial class ErrorMiddleware(ILogger<ErrorMiddleware> logger) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc />
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (context.GetHttpContext() is { Response.HasStarted: false } http)
        {
            context.GetInvocationResult().Value = Answer(exception, http, context.FunctionDefinition.Name);
        }
    }

    /// <summary>The HTTP status that an exception stands for.</summary>
    public static int StatusOf(Exception exception) => exception switch
    {
        RefusedException e => e.Status,
        NotFoundException => StatusCodes.Status404NotFound,
        ConflictException => StatusCodes.Status409Conflict,
        PreconditionFailedException => StatusCodes.Status412PreconditionFailed,
        NoRoomException => StatusCodes.Status507InsufficientStorage,
        TooLargeException => StatusCodes.Status413PayloadTooLarge,
        InvalidRequestException or InvalidSettingsException or InvalidInputException or InvalidModelException or JsonException
            => StatusCodes.Status422UnprocessableEntity,
        BadHttpRequestException e => e.StatusCode,
        OperationCanceledException => StatusCodes.Status499ClientClosedRequest,
        ValidatorBusyException { IsCallers: true } => StatusCodes.Status429TooManyRequests,
        StorageUnavailableException or NewerDocumentException or ModelBusyException or ValidatorBusyException or ModelLoadException or ModelTooLargeException
            => StatusCodes.Status503ServiceUnavailable,
        RunTimeoutException => StatusCodes.Status504GatewayTimeout,
        _ => FullDisk.Is(exception) ? StatusCodes.Status507InsufficientStorage : StatusCodes.Status500InternalServerError,
    };

    private Envelope Answer(Exception exception, HttpContext http, string function)
    {
        var status = StatusOf(exception);
        var id = http.Response.Headers[RequestIdMiddleware.Header].ToString();
        if (status >= 500)
            LogFault(exception, function, id);
        var envelope = new Envelope(status, exception switch
        {
            JsonException e => $"The JSON is not valid: {Json.Explain(e)}",
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => "The request body is larger than this server accepts.",
            BadHttpRequestException => "The request is not valid HTTP.",
            OperationCanceledException => "The request was given up.",
            _ when FullDisk.Is(exception) => "The server's disk is full at this moment; try again later.",
            _ when status == StatusCodes.Status500InternalServerError => $"The server failed. Its log has the reason under request id {id}.",
            _ => exception.Message,
        });
        return status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status507InsufficientStorage || exception is ValidatorBusyException ? envelope.WithHeader("Retry-After", "5") : envelope;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Function} failed (request id {RequestId})")]
    private partial void LogFault(Exception exception, string function, string requestId);
}
