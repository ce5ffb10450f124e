using Larder.Inference.Limits;

namespace Larder.Inference;

/// <summary>
/// What can be wrong with a request or a file. The number is the HTTP status that the kind has by default; a dialect of functions/ may answer with another one,
/// and other protocols map the kind to their own codes.
/// </summary>
public enum ErrorKind
{
    /// <summary>The request is not HTTP as this server reads it.</summary>
    Malformed = 400,

    /// <summary>Nothing in the request says who sends it.</summary>
    Unauthenticated = 401,

    /// <summary>The caller may not do this.</summary>
    Forbidden = 403,

    /// <summary>What the request names does not exist.</summary>
    NotFound = 404,

    /// <summary>The path exists, but not with this method.</summary>
    WrongMethod = 405,

    /// <summary>The body comes too slowly.</summary>
    Slow = 408,

    /// <summary>The request contradicts what is stored.</summary>
    Conflict = 409,

    /// <summary>What the request was to change has changed since the caller read it.</summary>
    PreconditionFailed = 412,

    /// <summary>Something is larger than a limit.</summary>
    TooLarge = 413,

    /// <summary>The media type, content encoding or charset is not supported.</summary>
    UnsupportedMedia = 415,

    /// <summary>The range is outside the file.</summary>
    WrongRange = 416,

    /// <summary>The content is wrong.</summary>
    Invalid = 422,

    /// <summary>The caller sends too many requests.</summary>
    TooMany = 429,

    /// <summary>A header is longer than the protocol allows.</summary>
    HeaderTooLong = 431,

    /// <summary>The caller has closed the connection.</summary>
    ClientGone = 499,

    /// <summary>The server has a fault.</summary>
    Internal = 500,

    /// <summary>The protocol has it, and this server does not.</summary>
    Unsupported = 501,

    /// <summary>The server cannot do it at this moment; a later try may succeed.</summary>
    Unavailable = 503,

    /// <summary>It took too long.</summary>
    Timeout = 504,

    /// <summary>The server's disk is full.</summary>
    NoRoom = 507,
}

/// <summary>
/// Why a room did not do what it was asked to do. The message is a sentence for the caller: it names no path, no storage account and no stack. Every
/// exception that the rooms throw on purpose is of this family, so that <see cref="Kind"/> alone decides about the answer, and <see cref="IsPermanent"/> about retries.
/// </summary>
public abstract class LarderException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What is wrong.</summary>
    public abstract ErrorKind Kind { get; }

    /// <summary>Whether the same request would fail again, so that a job ends with the message instead of trying again.</summary>
    public virtual bool IsPermanent => Kind is ErrorKind.Forbidden or ErrorKind.NotFound or ErrorKind.Conflict or ErrorKind.TooLarge or ErrorKind.Invalid;

    /// <summary>After what time the same request may succeed; null where that is not known.</summary>
    public virtual TimeSpan? RetryAfter => null;
}

/// <summary>The bytes that were fetched for an artifact do not have its SHA-256.</summary>
public sealed class ArtifactCorruptException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Internal;
}

/// <summary>A prediction's input does not fit the model. The message names the input, what it expects and what came.</summary>
public sealed class InvalidInputException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Invalid;
}

/// <summary>The file is not a model that can be served. The message is a sentence for the person who uploaded it.</summary>
public sealed class InvalidModelException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Invalid;
}

/// <summary>A model's settings cannot be used. The message names the setting and its possible values.</summary>
public sealed class InvalidSettingsException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Invalid;
}

/// <summary>Other requests hold the memory that this one needs; a later try may find it free.</summary>
public sealed class MemoryBusyException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Unavailable;
}

/// <summary>One request needs more memory than one request may have.</summary>
public sealed class MemoryLimitException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.TooLarge;
}

/// <summary>More requests wait for a model than may (<see cref="InferenceLimits.QueuedRuns"/>), or so many that a request's deadline would be missed.</summary>
/// <param name="message">A sentence for the caller.</param>
/// <param name="retryAfter">When the requests that wait now should have been run.</param>
public sealed class ModelBusyException(string message, TimeSpan retryAfter) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.TooMany;

    /// <inheritdoc />
    public override TimeSpan? RetryAfter => retryAfter;
}

/// <summary>A model that was accepted before cannot be loaded now. The cause is the inner exception.</summary>
public sealed class ModelLoadException(string message, Exception innerException) : LarderException(message, innerException)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Unavailable;
}

/// <summary>A model needs more memory than all loaded models may have together (<see cref="InferenceLimits.LoadedBytes"/>).</summary>
public sealed class ModelTooLargeException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Unavailable;

    /// <inheritdoc />
    public override bool IsPermanent => true;
}

/// <summary>A run took longer than <see cref="InferenceLimits.RunSeconds"/> and was stopped.</summary>
public sealed class RunTimeoutException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Timeout;

    /// <inheritdoc />
    public override bool IsPermanent => true;
}

/// <summary>Too many models wait to be validated. The file may be right: the caller should try again later.</summary>
/// <param name="isCallers">Whether the waiting models are this caller's own.</param>
public sealed class ValidatorBusyException(bool isCallers) : LarderException(isCallers
    ? "Too many of your models are waiting to be validated; try again later."
    : "Too many models are being validated; try again later.")
{
    /// <inheritdoc />
    public override ErrorKind Kind => isCallers ? ErrorKind.TooMany : ErrorKind.Unavailable;
}
