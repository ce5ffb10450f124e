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
/// The one way to a request's body, whatever it is: not compressed, text in UTF-8 (a byte-order mark is skipped), well-formed and without NUL, up to a limit.
/// Compressed bodies are refused and not unpacked: no client needs it, and whatever counts bytes would have to count both kinds.
/// </summary>
internal static class RequestBody
{
    private const int ReadBytes = 4096;
    private const string Utf8Name = "utf-8";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The body's bytes.</summary>
    /// <exception cref="HttpStatusException">It is compressed, or in another charset than UTF-8 (415).</exception>
    public static Stream OpenBody(this HttpRequest request)
    {
        RequirePlain(request);
        return request.Body;
    }

    /// <inheritdoc cref="OpenBody"/>
    public static PipeReader OpenBodyReader(this HttpRequest request)
    {
        RequirePlain(request);
        return request.BodyReader;
    }

    /// <summary>Refuses text in another charset than UTF-8.</summary>
    /// <param name="contentType">A Content-Type, or null.</param>
    /// <exception cref="HttpStatusException">It names another charset (415).</exception>
    public static void RequireUtf8(string? contentType)
    {
        // Most bodies name no charset, or this one: nothing is allocated for these.
        if (contentType is null
            || !contentType.Contains("charset", StringComparison.OrdinalIgnoreCase)
            || contentType.Equals("application/json; charset=utf-8", StringComparison.OrdinalIgnoreCase))
            return;
        if (MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.Charset is { HasValue: true } given
            && HeaderUtilities.RemoveQuotes(given) is var charset
            && !charset.Equals(Utf8Name, StringComparison.OrdinalIgnoreCase))
        {
            throw new HttpStatusException(ErrorKind.UnsupportedMedia, $"Text must be in UTF-8; the charset '{RequestText.Shown(charset.ToString())}' is not supported.");
        }
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

    private static void RequirePlain(HttpRequest request)
    {
        var codings = request.Headers.ContentEncoding;
        if (codings.Count > 0 && codings is not ["" or "identity"])
        {
            // RFC 9110, section 15.5.16: what would have been taken.
            request.HttpContext.Response.Headers.AcceptEncoding = "identity";
            throw new HttpStatusException(
                ErrorKind.UnsupportedMedia, $"Send the body as it is, without Content-Encoding; '{RequestText.Shown(codings.ToString())}' is not supported.");
        }
        RequireUtf8(request.ContentType);
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
