using System.Diagnostics.CodeAnalysis;

namespace Larder.Registry.Storage.Blobs;

/// <summary>
/// Names of the blobs that hold documents: <c>{collection}/{partition}!{id}</c>, partition and id escaped (<see cref="DocumentKey"/>). <c>!</c> sorts
/// before every character that a name keeps, so that a listing by name goes by partition, then by id (with <c>/</c>, <c>iris-2/x</c> would come
/// before <c>iris/x</c>).
/// </summary>
internal static class BlobNames
{
    private const char Separator = '!';

    public static string Document(string collection, string partition, string id)
    {
        var key = DocumentKey.Of(collection, partition, id);
        return $"{collection}/{key.Partition}{Separator}{key.Id}";
    }

    public static string Collection(string collection) => $"{collection}/";

    public static string Partition(string collection, string partition) => $"{collection}/{DocumentKey.Escape(partition)}{Separator}";

    /// <summary>The partition and id of a blob, unless it is none that <see cref="Document"/> named.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out string? partition, [NotNullWhen(true)] out string? id)
    {
        (partition, id) = (null, null);
        var start = name.IndexOf('/') + 1;
        var separator = name.IndexOf(Separator);
        if (start == 0 || separator < start)
            return false;
        partition = DocumentKey.Unescape(name.AsSpan(start, separator - start));
        id = DocumentKey.Unescape(name.AsSpan(separator + 1));
        return true;
    }
}
