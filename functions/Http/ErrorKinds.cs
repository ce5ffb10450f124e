using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>Which kind an exception is of: the rooms' own say it themselves (<see cref="LarderException.Kind"/>); this adds those of the framework.</summary>
internal static class ErrorKinds
{
    /// <summary>The kind of an exception.</summary>
    public static ErrorKind Of(Exception exception) => exception switch
    {
        LarderException e => e.Kind,
        JsonException => ErrorKind.Invalid,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ErrorKind.TooLarge,
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => ErrorKind.Slow,
        BadHttpRequestException => ErrorKind.Malformed,
        OperationCanceledException or ConnectionResetException => ErrorKind.ClientGone,
        // One that asked for too much: the rest of the server goes on.
        OutOfMemoryException => ErrorKind.Unavailable,
        _ => FullDisk.Is(exception) ? ErrorKind.NoRoom : ErrorKind.Internal,
    };

    /// <summary>Whether a kind is the server's own fault, which belongs into the log.</summary>
    public static bool IsFault(ErrorKind kind) => kind >= ErrorKind.Internal && kind != ErrorKind.Unsupported;

    /// <summary>What a caller is told of an exception.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="requestId">The request's id, by which the log has the reason of the server's own faults.</param>
    public static string Sentence(Exception exception, ErrorKind kind, string requestId) => exception switch
    {
        JsonException e => $"The JSON is not valid (line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}).",
        BadHttpRequestException when kind == ErrorKind.TooLarge => "The request body is larger than this server accepts.",
        BadHttpRequestException when kind == ErrorKind.Slow => "The request body came too slowly.",
        BadHttpRequestException => "The request is not valid HTTP.",
        OperationCanceledException or ConnectionResetException => "The request was given up.",
        OutOfMemoryException => "The server has not the memory for this request: send a smaller one, or the same again later.",
        _ when kind == ErrorKind.NoRoom && exception is not NoRoomException => "The server's disk is full at this moment; try again later.",
        _ when kind == ErrorKind.Internal => $"The server failed. Its log has the reason under request id {requestId}.",
        _ => exception.Message,
    };
}

/// <summary>A request that is refused for a reason which HTTP itself has a status for.</summary>
/// <param name="kind">The reason.</param>
/// <param name="message">A sentence for the caller.</param>
internal sealed class HttpStatusException(ErrorKind kind, string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => kind;
}
