using System.Text;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Http;

/// <summary>
/// Refuses a Content-Length that is not digits alone (RFC 9110, section 8.6). Kestrel parses it as a .NET integer and takes <c>+28</c> and <c>-0</c>, which a proxy in
/// front may read otherwise. It shows the header's own text to nothing but the encoding that is chosen for it: what is no digit comes out of this one as a letter,
/// which Kestrel answers with 400.
/// </summary>
internal sealed class ContentLengthEncoding : Encoding
{
    private static readonly ContentLengthEncoding Instance = new();

    /// <summary>For <c>KestrelServerOptions.RequestHeaderEncodingSelector</c>: other headers are read as ever.</summary>
    public static Encoding? For(string header) => ReferenceEquals(header, HeaderNames.ContentLength) || header == HeaderNames.ContentLength ? Instance : null;

    /// <inheritdoc />
    public override int GetByteCount(char[] chars, int index, int count) => throw new NotSupportedException();

    /// <inheritdoc />
    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => throw new NotSupportedException();

    /// <inheritdoc />
    public override int GetCharCount(byte[] bytes, int index, int count) => count;

    /// <inheritdoc />
    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    /// <inheritdoc />
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        // There is room for more digits than a length can have.
        var length = Math.Min(bytes.Length, chars.Length);
        for (var i = 0; i < length; i++)
            chars[i] = length == bytes.Length && char.IsAsciiDigit((char)bytes[i]) ? (char)bytes[i] : 'x';
        return length;
    }

    /// <inheritdoc />
    public override int GetMaxByteCount(int charCount) => charCount;

    /// <inheritdoc />
    public override int GetMaxCharCount(int byteCount) => byteCount;
}
