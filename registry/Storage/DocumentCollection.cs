using System.Text.Json.Serialization.Metadata;

namespace Larder.Registry;

/// <summary>A named set of documents of one type: a container in Cosmos DB, a folder in blob storage.</summary>
/// <param name="Name">Lower-case letters, digits and hyphens.</param>
/// <param name="Json">How a document becomes JSON and back.</param>
/// <typeparam name="T">The documents' type, immutable.</typeparam>
public sealed record DocumentCollection<T>(string Name, JsonTypeInfo<T> Json);
