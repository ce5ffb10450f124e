using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Larder.Functions.Http;
using Larder.Inference;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Larder.Grpc;

/// <summary>Turns what went wrong in a call into a status of gRPC (https://grpc.io/docs/guides/status-codes/), with the sentence that HTTP has for it.</summary>
internal sealed partial class CallErrors(ILogger<CallErrors> logger) : Interceptor
{
    /// <inheritdoc />
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        TResponse? answer = null;
        await RunAsync(async () => answer = await continuation(request, context), context);
        return answer!;
    }

    /// <inheritdoc />
    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(() => continuation(request, responseStream, context), context);

    /// <inheritdoc />
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(() => continuation(requestStream, responseStream, context), context);

    private async Task RunAsync(Func<Task> call, ServerCallContext context)
    {
        try
        {
            await call();
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            if ((exception as LarderException)?.RetryAfter is { } wait)
                context.ResponseTrailers.Add(CallMiddleware.RetryHeader, $"{Math.Max(1, (long)wait.TotalMilliseconds)}");
            throw new RpcException(StatusOf(exception, context));
        }
    }

    /// <summary>The status of an exception. A fault of the server's own is logged.</summary>
    public Status StatusOf(Exception exception, ServerCallContext context)
    {
        if (exception is RpcException known)
            return known.Status;
        var http = context.GetHttpContext();
        var kind = ErrorKinds.Of(exception);
        if (ErrorKinds.IsFault(kind))
            LogFault(exception, context.Method, IdOf(http));
        return kind == ErrorKind.ClientGone && context.Deadline <= DateTime.UtcNow ? new Status(StatusCode.DeadlineExceeded, "The deadline is over.") : StatusOf(exception, kind, http);
    }

    /// <summary>The status of an exception of a kind.</summary>
    public static Status StatusOf(Exception exception, ErrorKind kind, HttpContext http) => exception is InvalidProtocolBufferException
        ? new Status(StatusCode.InvalidArgument, "The bytes are not a message of Protocol Buffers.")
        : new Status(CodeOf(kind), ErrorKinds.Sentence(exception, kind, IdOf(http)));

    /// <summary>The code of a kind.</summary>
    public static StatusCode CodeOf(ErrorKind kind) => kind switch
    {
        ErrorKind.Malformed or ErrorKind.Invalid or ErrorKind.UnsupportedMedia or ErrorKind.WrongMethod or ErrorKind.WrongRange => StatusCode.InvalidArgument,
        ErrorKind.Unauthenticated => StatusCode.Unauthenticated,
        ErrorKind.Forbidden => StatusCode.PermissionDenied,
        ErrorKind.NotFound => StatusCode.NotFound,
        ErrorKind.Conflict or ErrorKind.PreconditionFailed => StatusCode.FailedPrecondition,
        ErrorKind.TooLarge or ErrorKind.TooMany or ErrorKind.NoRoom => StatusCode.ResourceExhausted,
        ErrorKind.Slow or ErrorKind.Timeout => StatusCode.DeadlineExceeded,
        ErrorKind.ClientGone => StatusCode.Cancelled,
        ErrorKind.Unsupported => StatusCode.Unimplemented,
        ErrorKind.Unavailable => StatusCode.Unavailable,
        _ => StatusCode.Internal,
    };

    private static string IdOf(HttpContext http) => http.Response.Headers[RequestIdMiddleware.Header].ToString();

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Method} failed (request id {RequestId})")]
    private partial void LogFault(Exception exception, string method, string requestId);
}
