using Larder.Inference;

namespace Larder.Registry.Errors;

/// <summary>What is stored forbids the change: an alias points to the version to delete, a name is taken.</summary>
public class ConflictException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Conflict;
}

/// <summary>The caller may not do this: its role is too low, or its scope does not have the model.</summary>
/// <param name="message">A sentence that names the role or the scope that is needed.</param>
public sealed class ForbiddenException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Forbidden;
}

/// <summary>The request has a value that is not valid: a name with wrong characters, a limit out of range. Thrown before any I/O.</summary>
public sealed class InvalidRequestException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Invalid;
}

/// <summary>
/// What is stored was written by a newer release, in a format that this one does not know; a host of that release can answer. The document stays as it is.
/// </summary>
/// <param name="collection">The collection that has the document.</param>
/// <param name="format">Its format.</param>
/// <param name="known">The last format that this release knows.</param>
public sealed class NewerDocumentException(string collection, int format, int known) : LarderException(FormattableString.Invariant(
    $"A newer release of Larder has written what is stored in {collection}: in format {format}, where this release knows {known} at most. It stays as it is; upgrade this server to read it."))
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Unavailable;
}

/// <summary>The server's disk has no room at this moment; a later try may find some.</summary>
public sealed class NoRoomException(string message) : TooLargeException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.NoRoom;
}

/// <summary>The model, version, alias, job or other thing does not exist.</summary>
public sealed class NotFoundException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.NotFound;
}

/// <summary>What is stored has changed since the caller read it.</summary>
public class PreconditionFailedException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.PreconditionFailed;
}

/// <summary>The store did not answer as it should, after retries. The write may have been made or not: reading again tells.</summary>
public sealed class StorageUnavailableException(string message, Exception? innerException = null) : LarderException(message, innerException)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.Unavailable;
}

/// <summary>Something has more bytes than a limit allows.</summary>
public class TooLargeException(string message) : LarderException(message)
{
    /// <inheritdoc />
    public override ErrorKind Kind => ErrorKind.TooLarge;
}
