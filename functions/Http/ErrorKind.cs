using System.Text.Json;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Tensors;
using Larder.Inference.Validation;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>What can be wrong with a request. The number is the HTTP status of the kind, unless the dialect of the route has another one (<see cref="Dialect"/>).</summary>
internal enum ErrorKind
{
    /// <summary>It is not HTTP as this server reads it.</summary>
    Malformed = 400,

    /// <summary>Nothing in it says who sends it.</summary>
    Unauthenticated = 401,

    /// <summary>Its caller may not do this.</summary>
    Forbidden = 403,

    /// <summary>What it names does not exist.</summary>
    NotFound = 404,

    /// <summary>The path exists, but not with this method.</summary>
    WrongMethod = 405,

    /// <summary>Its body comes too slowly.</summary>
    Slow = 408,

    /// <summary>It contradicts what is stored.</summary>
    Conflict = 409,

    /// <summary>What it was to change has changed meanwhile.</summary>
    PreconditionFailed = 412,

    /// <summary>It is larger than a limit.</summary>
    TooLarge = 413,

    /// <summary>Its media type, content encoding or charset is not taken.</summary>
    UnsupportedMedia = 415,

    /// <summary>Its range is outside the file.</summary>
    WrongRange = 416,

    /// <summary>Its content is wrong.</summary>
    Invalid = 422,

    /// <summary>Its caller sends too many.</summary>
    TooMany = 429,

    /// <summary>Its caller has gone.</summary>
    ClientGone = 499,

    /// <summary>The server is broken.</summary>
    Internal = 500,

    /// <summary>The server cannot do it at this moment.</summary>
    Unavailable = 503,

    /// <summary>It took too long.</summary>
    Timeout = 504,

    /// <summary>The server's disk is full.</summary>
    NoRoom = 507,
}

/// <summary>Which kind an exception is of.</summary>
internal static class ErrorKinds
{
    /// <summary>The kind of an exception. The rooms throw them and know nothing of HTTP.</summary>
    public static ErrorKind Of(Exception exception) => exception switch
    {
        HttpStatusException e => e.Kind,
        ForbiddenException => ErrorKind.Forbidden,
        NotFoundException => ErrorKind.NotFound,
        ConflictException => ErrorKind.Conflict,
        PreconditionFailedException => ErrorKind.PreconditionFailed,
        NoRoomException => ErrorKind.NoRoom,
        TooLargeException or MemoryLimitException => ErrorKind.TooLarge,
        InvalidRequestException or InvalidSettingsException or InvalidInputException or InvalidModelException or JsonException => ErrorKind.Invalid,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ErrorKind.TooLarge,
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => ErrorKind.Slow,
        BadHttpRequestException => ErrorKind.Malformed,
        OperationCanceledException => ErrorKind.ClientGone,
        ValidatorBusyException { IsCallers: true } => ErrorKind.TooMany,
        StorageUnavailableException or NewerDocumentException or ModelBusyException or MemoryBusyException or ValidatorBusyException or ModelLoadException or ModelTooLargeException
            => ErrorKind.Unavailable,
        RunTimeoutException => ErrorKind.Timeout,
        _ => FullDisk.Is(exception) ? ErrorKind.NoRoom : ErrorKind.Internal,
    };
}

/// <summary>A request that is refused for a reason which HTTP itself has a status for.</summary>
/// <param name="kind">The reason.</param>
/// <param name="message">A sentence for the caller.</param>
internal sealed class HttpStatusException(ErrorKind kind, string message) : Exception(message)
{
    /// <summary>The reason.</summary>
    public ErrorKind Kind => kind;
}
