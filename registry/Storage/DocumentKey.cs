using System.Text;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Registry.Storage;

/// <summary>
/// A document's key as stores write it: letters, digits, <c>-</c>, <c>_</c> and <c>.</c> stay, every other byte of UTF-8 becomes <c>~</c> and two
/// hexadecimal digits. So no name has what a store forbids (Cosmos DB: <c>/ \ ? #</c>), and the order of keys is the same in every store.
/// </summary>
/// <param name="Partition">The partition, escaped.</param>
/// <param name="Id">The id, escaped.</param>
internal readonly record struct DocumentKey(string Partition, string Id)
{
    // What a blob's name may have, together with the collection and two separators; every store keeps to it, so that what fits one fits all.
    private const int MaxLength = 1024;
    private const char Mark = '~';

    /// <exception cref="InvalidRequestException">It is too long to be stored.</exception>
    public static DocumentKey Of(string collection, string partition, string id)
    {
        var key = new DocumentKey(Escape(partition), Escape(id));
        return collection.Length + key.Partition.Length + key.Id.Length + 2 <= MaxLength
            ? key
            : throw new InvalidRequestException($"The names {Quoted.Text(partition)} and {Quoted.Text(id)} are together too long to be stored.");
    }

    public static string Escape(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        var bytes = Encoding.UTF8.GetBytes(value);
        var name = new StringBuilder(bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
        {
            // Azure does not keep a dot at the end of a blob's name.
            var kept = char.IsAsciiLetterOrDigit((char)bytes[i]) || bytes[i] is (byte)'-' or (byte)'_' || (bytes[i] == '.' && i < bytes.Length - 1);
            _ = kept ? name.Append((char)bytes[i]) : name.Append(Mark).Append($"{bytes[i]:X2}");
        }

        return name.ToString();
    }

    public static string Unescape(ReadOnlySpan<char> name)
    {
        var bytes = new byte[name.Length];
        var length = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] != Mark)
            {
                bytes[length++] = (byte)name[i];
                continue;
            }

            bytes[length++] = Convert.FromHexString(name.Slice(i + 1, 2))[0];
            i += 2;
        }

        return Encoding.UTF8.GetString(bytes.AsSpan(0, length));
    }
}
