using Larder.Registry.Errors;

namespace Larder.Registry.Storage;

/// <summary>A document that was to be created is there already.</summary>
public sealed class DocumentExistsException(string collection, string partition, string id)
    : ConflictException($"{collection} has a document '{id}' of '{partition}' already.");
