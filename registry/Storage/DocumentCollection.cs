using System.Text.Json.Serialization.Metadata;

namespace Larder.Registry.Storage;

/// <summary>A named set of documents of one type: a container in Cosmos DB, a folder in blob storage.</summary>
/// <param name="Name">Lower-case letters, digits and hyphens.</param>
/// <param name="Json">How a document becomes JSON, an object, and back.</param>
/// <param name="Format">
/// The format that this release writes, and the last one that it reads. It is raised by one when an earlier release would misread what is written now, or lose
/// some of it by writing the document again; what is of an earlier format is still read.
/// </param>
/// <typeparam name="T">The documents' type, immutable.</typeparam>
public sealed record DocumentCollection<T>(string Name, JsonTypeInfo<T> Json, int Format = 1);
