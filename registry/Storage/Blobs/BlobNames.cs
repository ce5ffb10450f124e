using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Larder.Registry;

/// <summary>
/// Names of the blobs that hold documents: <c>{collection}/{partition}!{id}</c>. <c>!</c> sorts before every character that a name keeps, so
/// that a listing by name goes by partition, then by id (with <c>/</c>, <c>iris-2/x</c> would come before <c>iris/x</c>). Bytes of UTF-8
/// that are not kept become <c>~</c> and two hexadecimal digits.
/// </summary>
internal static class BlobNames
{
    private const int MaxLength = 1024;
    private const char Separator = '!';
    private const char Escape = '~';

    public static string Document(string collection, string partition, string id)
    {
        var name = $"{Partition(collection, partition)}{Escaped(id)}";
        return name.Length <= MaxLength
            ? name
            : throw new InvalidRequestException($"The names {ModelName.Shown(partition)} and {ModelName.Shown(id)} are together too long to be stored.");
    }

    public static string Collection(string collection) => $"{collection}/";

    public static string Partition(string collection, string partition) => $"{collection}/{Escaped(partition)}{Separator}";

    /// <summary>The partition and id of a blob, unless it is none that <see cref="Document"/> named.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out string? partition, [NotNullWhen(true)] out string? id)
    {
        (partition, id) = (null, null);
        var start = name.IndexOf('/') + 1;
        var separator = name.IndexOf(Separator);
        if (start == 0 || separator < start)
            return false;
        partition = Unescaped(name.AsSpan(start, separator - start));
        id = Unescaped(name.AsSpan(separator + 1));
        return true;
    }

    private static string Escaped(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        var bytes = Encoding.UTF8.GetBytes(value);
        var name = new StringBuilder(bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
        {
            // Azure does not keep a dot at the end of a blob's name.
            var kept = char.IsAsciiLetterOrDigit((char)bytes[i]) || bytes[i] is (byte)'-' or (byte)'_' || (bytes[i] == '.' && i < bytes.Length - 1);
            _ = kept ? name.Append((char)bytes[i]) : name.Append(Escape).Append($"{bytes[i]:X2}");
        }

        return name.ToString();
    }

    private static string Unescaped(ReadOnlySpan<char> name)
    {
        var bytes = new byte[name.Length];
        var length = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] != Escape)
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
