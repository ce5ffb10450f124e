namespace Larder.Registry.Storage;

/// <summary>A document as it was read.</summary>
/// <param name="Partition">The partition it is in.</param>
/// <param name="Id">Its id, unique in the partition.</param>
/// <param name="ETag">Opaque; another one after every write.</param>
/// <param name="Value">Its content.</param>
/// <typeparam name="T">Type of the content.</typeparam>
public sealed record Document<T>(string Partition, string Id, string ETag, T Value);
