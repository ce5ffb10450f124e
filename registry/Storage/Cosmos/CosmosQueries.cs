using System.Buffers.Text;
using System.Text;
using Larder.Registry.Errors;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Storage.Cosmos;

/// <summary>
/// The two queries of the store. Both begin after a key and not at a position, so a continuation is nothing but the last key that was read: it is
/// good in every host, and whatever is written meanwhile.
/// </summary>
internal static class CosmosQueries
{
    /// <summary>Stays within one partition, along the index of ids. It names the partition although the request does: emulators ask for that.</summary>
    public const string Partition = "SELECT * FROM c WHERE c.partition = @partition AND c.id > @id ORDER BY c.id ASC";

    /// <summary>Goes through all partitions, along the composite index (/partition, /id) of infra-bicep/documents.json.</summary>
    public const string Collection =
        "SELECT * FROM c WHERE c.partition > @partition OR (c.partition = @partition AND c.id > @id) ORDER BY c.partition ASC, c.id ASC";

    /// <summary>What follows a key. Keys are escaped, so an empty text comes before them all.</summary>
    public static QueryDefinition After(string query, DocumentKey key) =>
        new QueryDefinition(query).WithParameter("@partition", key.Partition).WithParameter("@id", key.Id);
}

/// <summary>The last key of a page, as text: what comes after it is the next page.</summary>
internal static class CosmosContinuation
{
    private const string Kind = "cosmos:";

    // No key has it: see DocumentKey.
    private const char Separator = '!';

    public static string Write(DocumentKey last) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Kind}{last.Partition}{Separator}{last.Id}"));

    /// <exception cref="InvalidRequestException">It is none of this store's.</exception>
    public static DocumentKey Read(string continuation)
    {
        var text = Base64Url.IsValid(continuation) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(continuation)) : "";
        return text.StartsWith(Kind, StringComparison.Ordinal) && text[Kind.Length..].Split(Separator) is [{ Length: > 0 } partition, { Length: > 0 } id]
            ? new DocumentKey(partition, id)
            : throw Foreign();
    }

    public static InvalidRequestException Foreign() => new("The cursor is none that an earlier page of this list gave.");
}
