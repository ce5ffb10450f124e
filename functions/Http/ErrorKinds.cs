using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Limits;
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
}

/// <summary>A request that is refused for a reason which HTTP itself has a status for.</summary>
/// <param name="kind">The reason.</param>
/// <param name="message">A sentence for the caller.</param>
internal sealed class HttpStatusException(ErrorKind kind, string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => kind;
}
