using Larder.Registry.Errors;

namespace Larder.Registry.Storage;

/// <summary>A document was changed or deleted by someone else since it was read.</summary>
public sealed class ETagMismatchException(string collection, string partition, string id)
    : PreconditionFailedException($"The document '{id}' of '{partition}' in {collection} is no longer what was read.");
