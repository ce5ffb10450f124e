using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Larder.Inference;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Http;

/// <summary>
/// The one way to a request's body, whatever it is: decompressed (<see cref="ContentCodings"/>), text in UTF-8 (another charset is transcoded, a byte-order mark is
/// skipped), well-formed and without NUL, up to a limit.
/// </summary>
internal static class RequestBody
{
    private const int ReadBytes = 4096;
    private const string Json = "application/json";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // What JSON comes as: curl -d says form-urlencoded, a browser's fetch text/plain, and some clients nothing better than octet-stream.
    private static readonly string[] JsonTypes = [Json, "text/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"];

    /// <summary>The body's bytes.</summary>
    /// <exception cref="HttpStatusException">It is in a coding that is not read, or has two media types (415).</exception>
    public static Stream OpenBody(this HttpRequest request)
    {
        RequireReadable(request);
        return request.Body;
    }

    /// <inheritdoc cref="OpenBody"/>
    public static PipeReader OpenBodyReader(this HttpRequest request)
    {
        RequireReadable(request);
        return request.BodyReader;
    }

    /// <summary>The body as JSON in UTF-8.</summary>
    /// <exception cref="HttpStatusException">It is said to be something else, or in a coding or charset that is not read (415).</exception>
    public static ValueTask<PipeReader> OpenJsonAsync(this HttpRequest request, CancellationToken cancellationToken)
    {
        var type = request.ContentType;
        if (!IsJsonType(type))
            throw new HttpStatusException(ErrorKind.UnsupportedMedia, $"This takes JSON; the Content-Type '{RequestText.Shown(type!)}' is not read here. Send it as {Json}.");
        return request.OpenTextAsync(cancellationToken);
    }

    /// <summary>The body as text in UTF-8.</summary>
    /// <exception cref="HttpStatusException">It is in a coding or charset that is not read (415).</exception>
    public static ValueTask<PipeReader> OpenTextAsync(this HttpRequest request, CancellationToken cancellationToken)
    {
        var body = request.OpenBodyReader();
        return CharsetOf(request.ContentType) is { } charset ? ToUtf8Async(body, charset, cancellationToken) : new(body);
    }

    /// <summary>Text of a part of a form, in UTF-8.</summary>
    /// <param name="content">The part.</param>
    /// <param name="contentType">Its Content-Type, or null.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="HttpStatusException">It is in a charset that is not read (415).</exception>
    public static async ValueTask<Stream> OpenTextAsync(Stream content, string? contentType, CancellationToken cancellationToken) =>
        CharsetOf(contentType) is { } charset ? (await ToUtf8Async(PipeReader.Create(content), charset, cancellationToken)).AsStream() : content;

    private static void RequireReadable(HttpRequest request)
    {
        var codings = request.Headers.ContentEncoding;
        if (codings.Count > 0 && codings is not ["" or "identity"])
        {
            // RFC 9110, section 15.5.16: what would have been taken.
            request.HttpContext.Response.Headers.AcceptEncoding = BodyDecompression.Codings;
            throw new HttpStatusException(
                ErrorKind.UnsupportedMedia, $"The Content-Encoding '{RequestText.Shown(codings.ToString())}' is not read: send the body as it is, or in one of {BodyDecompression.Codings}.");
        }
        if (request.Headers.ContentType.Count > 1)
            throw new HttpStatusException(ErrorKind.UnsupportedMedia, $"A body has one Content-Type; this one has '{RequestText.Shown(request.Headers.ContentType.ToString())}'.");
    }

    // Nothing is allocated for what most bodies say.
    private static bool IsJsonType(string? type) =>
        string.IsNullOrEmpty(type)
        || type.StartsWith(Json, StringComparison.OrdinalIgnoreCase)
        || (MediaTypeHeaderValue.TryParse(type, out var parsed)
            && (parsed.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase) || JsonTypes.Contains(parsed.MediaType.ToString(), StringComparer.OrdinalIgnoreCase)));

    /// <summary>The charset of a Content-Type; null for UTF-8, which is also what text without one is in.</summary>
    private static Encoding? CharsetOf(string? contentType)
    {
        if (contentType is null
            || !contentType.Contains("charset", StringComparison.OrdinalIgnoreCase)
            || contentType.Equals("application/json; charset=utf-8", StringComparison.OrdinalIgnoreCase)
            || !MediaTypeHeaderValue.TryParse(contentType, out var type))
            return null;
        var charsets = type.Parameters.Where(parameter => parameter.Name.Equals("charset", StringComparison.OrdinalIgnoreCase)).Select(parameter => HeaderUtilities.RemoveQuotes(parameter.Value).ToString()).ToList();
        if (charsets.Count > 1)
            throw new HttpStatusException(ErrorKind.UnsupportedMedia, $"A body has one charset; this one has '{RequestText.Shown(string.Join(", ", charsets))}'.");
        return charsets is not [{ Length: > 0 } charset] || charset.Equals(StrictUtf8.WebName, StringComparison.OrdinalIgnoreCase) ? null
            : Find(charset) is not { } encoding ? throw new HttpStatusException(ErrorKind.UnsupportedMedia, $"The charset '{RequestText.Shown(charset)}' is not known; send text in UTF-8.")
            : encoding.CodePage == StrictUtf8.CodePage ? null
            : encoding;
    }

    private static Encoding? Find(string charset)
    {
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(charset, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
                ?? Encoding.GetEncoding(charset, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            // NotSupportedException: UTF-7, which hides characters from checks.
            return null;
        }
    }

    private static async ValueTask<PipeReader> ToUtf8Async(PipeReader text, Encoding charset, CancellationToken cancellationToken)
    {
        // The name "utf-16" alone leaves the order of bytes to the mark that the text begins with (RFC 2781, section 4.3).
        var start = (await text.ReadAtLeastAsync(sizeof(char), cancellationToken)).Buffer;
        var isBigEndian = charset.CodePage == Encoding.Unicode.CodePage && new SequenceReader<byte>(start).IsNext(Encoding.BigEndianUnicode.Preamble);
        text.AdvanceTo(start.Start);
        var from = isBigEndian ? new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true) : charset;
        return PipeReader.Create(new CheckedStream(
            Encoding.CreateTranscodingStream(text.AsStream(leaveOpen: true), from, StrictUtf8),
            exception => exception is DecoderFallbackException,
            () => new InvalidRequestException($"The text is not in the charset {from.WebName}, as its Content-Type says.")));
    }

    /// <summary>Reads all that a stream has.</summary>
    /// <param name="content">The stream.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="tooLarge">What the caller is told when there are more.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="TooLargeException">There are more.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream content, int limit, string tooLarge, CancellationToken cancellationToken)
    {
        var bytes = new ArrayBufferWriter<byte>(ReadBytes);
        while (await content.ReadAsync(bytes.GetMemory(ReadBytes), cancellationToken) is > 0 and var read)
        {
            bytes.Advance(read);
            if (bytes.WrittenCount > limit)
                throw new TooLargeException(tooLarge);
        }
        return bytes.WrittenMemory;
    }

    /// <summary>Text of bytes.</summary>
    /// <param name="utf8">The bytes.</param>
    /// <param name="what">What it is, as the beginning of a sentence.</param>
    /// <exception cref="InvalidRequestException">It is not UTF-8, or has a NUL.</exception>
    public static string Text(ReadOnlySpan<byte> utf8, string what)
    {
        try
        {
            return RequestText.Require(StrictUtf8.GetString(JsonText.WithoutMark(utf8)), what);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidRequestException($"{what} is not text in UTF-8: byte {JsonText.FirstInvalid(utf8)} does not belong there.");
        }
    }

    /// <summary>The bytes behind the byte-order mark that they may begin with.</summary>
    public static ReadOnlySequence<byte> WithoutMark(in ReadOnlySequence<byte> utf8) =>
        new SequenceReader<byte>(utf8).IsNext(JsonText.ByteOrderMark) ? utf8.Slice(JsonText.ByteOrderMark.Length) : utf8;
}

/// <summary>Text that came with a request.</summary>
internal static class RequestText
{
    private const int MostShown = 100;

    /// <summary>Refuses what storage and other programs stumble over.</summary>
    /// <param name="text">The text.</param>
    /// <param name="what">What it is, as the beginning of a sentence.</param>
    /// <returns>The text.</returns>
    /// <exception cref="InvalidRequestException">It has a NUL, or half of a surrogate pair.</exception>
    public static string Require(string text, string what)
    {
        if (text.Contains('\0'))
            throw new InvalidRequestException($"{what} has a NUL, which no text may have.");
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                throw new InvalidRequestException($"{what} has half of a surrogate pair at character {i + 1}: it must be well-formed Unicode.");
            i++;
        }
        return text;
    }

    /// <summary>Text as a message may repeat it: well-formed, short, without what a terminal would obey.</summary>
    public static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= MostShown)
                return shown.Append('…').ToString();
            if (Rune.GetUnicodeCategory(rune) is not (System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format))
                shown.Append(rune);
        }
        return shown.ToString();
    }
}
