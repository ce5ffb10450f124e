using System.Text.Json.Serialization.Metadata;
using Larder.Registry.Errors;

namespace Larder.Registry.Storage;

/// <summary>A document as it was read.</summary>
/// <param name="Partition">The partition it is in.</param>
/// <param name="Id">Its id, unique in the partition.</param>
/// <param name="ETag">Opaque; another one after every write.</param>
/// <param name="Value">Its content.</param>
/// <typeparam name="T">Type of the content.</typeparam>
public sealed record Document<T>(string Partition, string Id, string ETag, T Value);

/// <summary>Part of a listing.</summary>
/// <param name="Documents">At most as many as were asked for; fewer, even none, do not mean the end.</param>
/// <param name="Continuation">Asks for the next page; null at the end.</param>
/// <typeparam name="T">Type of the documents' content.</typeparam>
public sealed record DocumentPage<T>(IReadOnlyList<Document<T>> Documents, string? Continuation);

/// <summary>A named set of documents of one type: a container in Cosmos DB, a folder in blob storage.</summary>
/// <param name="Name">Lower-case letters, digits and hyphens.</param>
/// <param name="Type">How a document becomes JSON, an object, and back; found out by reflection when the first document is read or written, not at start.</param>
/// <param name="Format">
/// The format that this release writes, and the last one that it reads. It is raised by one when an earlier release would misread what is written now, or lose
/// some of it by writing the document again; what is of an earlier format is still read.
/// </param>
/// <typeparam name="T">The documents' type, immutable.</typeparam>
public sealed record DocumentCollection<T>(string Name, Lazy<JsonTypeInfo<T>> Type, int Format = 1)
{
    /// <summary>
    /// Whether thousands of its documents are listed at once, as for a search: a store that lists names alone then keeps small documents in the listing, too, which costs each write some hundred bytes.
    /// </summary>
    public bool IsListedWhole { get; init; }

    /// <summary>How a document becomes JSON, an object, and back.</summary>
    public JsonTypeInfo<T> Json => Type.Value;
}

/// <summary>A document was changed or deleted since it was read: the compare-and-swap failed.</summary>
public sealed class ETagMismatchException(string collection, string partition, string id)
    : PreconditionFailedException($"The document '{id}' of '{partition}' in {collection} is no longer what was read.");

/// <summary>A document that was to be created exists already.</summary>
public sealed class DocumentExistsException(string collection, string partition, string id)
    : ConflictException($"{collection} has a document '{id}' of '{partition}' already.");
