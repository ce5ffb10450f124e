using System.Buffers.Text;
using System.Text;
using Larder.Registry.Errors;

namespace Larder.Registry.Storage;

/// <summary>Cursors of lists: where the page before ended, opaque to clients.</summary>
internal static class Cursors
{
    /// <summary>A cursor.</summary>
    /// <param name="kind">What every cursor of this list begins with, below its encoding.</param>
    /// <param name="position">Where the page ended.</param>
    public static string Write(string kind, string position) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(kind + position));

    /// <summary>The position that a cursor stands for.</summary>
    /// <param name="kind">As it was written with.</param>
    /// <param name="cursor">From a client.</param>
    /// <param name="isValid">Whether a text can be a position.</param>
    /// <exception cref="InvalidRequestException">It is no cursor of this list.</exception>
    public static string Read(string kind, string cursor, Func<string, bool> isValid)
    {
        var decoded = Base64Url.IsValid(cursor) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)) : "";
        return decoded.StartsWith(kind, StringComparison.Ordinal) && isValid(decoded[kind.Length..])
            ? decoded[kind.Length..]
            : throw new InvalidRequestException("The cursor is none that an earlier page of this list gave.");
    }
}
