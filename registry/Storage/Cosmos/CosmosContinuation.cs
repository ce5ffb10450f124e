using System.Buffers.Text;
using System.Text;
using Larder.Registry.Errors;

namespace Larder.Registry.Storage.Cosmos;

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
