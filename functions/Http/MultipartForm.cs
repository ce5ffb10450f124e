using System.Text;
using Larder.Inference;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>What every route that reads a streamed form needs.</summary>
internal static class MultipartForm
{
    /// <summary>RFC 2046: a boundary has at most 70 characters.</summary>
    private const int MaxBoundary = 70;

    /// <summary>Longest JSON of the options, in bytes.</summary>
    private const int MaxOptionsBytes = 1 << 20;

    /// <summary>Longest field that is a line of text, in bytes.</summary>
    private const int MaxTextBytes = 8192;

    /// <summary>Longest name of a file: what file systems take, in characters that may have four bytes.</summary>
    private const int MaxFileName = 255;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A reader of the request's parts; null when it is no form.</summary>
    /// <exception cref="InvalidRequestException">The form has no usable boundary.</exception>
    public static MultipartReader? ReaderOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return null;
        return HeaderUtilities.RemoveQuotes(type.Boundary).Value is { Length: > 0 and <= MaxBoundary } boundary
            ? new MultipartReader(boundary, request.Body)
            : throw new InvalidRequestException("The multipart form has no usable boundary.");
    }

    /// <summary>Reads a form, part after part.</summary>
    /// <param name="reader">The form.</param>
    /// <param name="take">Takes a part. What it does not read is skipped.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidRequestException">The form is not well-formed.</exception>
    public static async Task ReadAsync(MultipartReader reader, Func<FormPart, Task> take, CancellationToken cancellationToken)
    {
        try
        {
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (section.GetContentDispositionHeader() is not { } disposition)
                    throw new InvalidRequestException("A part of the form has no Content-Disposition.");
                await take(new FormPart(HeaderUtilities.RemoveQuotes(disposition.Name).ToString(), disposition, section));
            }
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            throw Broken();
        }
    }

    /// <summary>Reads the field of the options.</summary>
    /// <exception cref="TooLargeException">It is too long.</exception>
    public static async Task<byte[]> ReadOptionsAsync(FormPart part, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxOptionsBytes + 1];
        var length = await part.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return length <= MaxOptionsBytes ? buffer[..length] : throw new TooLargeException($"The options are limited to {MaxOptionsBytes} bytes.");
    }

    /// <summary>Reads a field of a line of text.</summary>
    /// <exception cref="TooLargeException">It is too long.</exception>
    /// <exception cref="InvalidRequestException">It is empty, or no UTF-8.</exception>
    public static async Task<string> ReadTextAsync(FormPart part, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxTextBytes + 1];
        var length = await part.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > MaxTextBytes)
            throw new TooLargeException($"The field {part.Name} is limited to {MaxTextBytes} bytes of text; to send a file, give it a file name.");
        try
        {
            var text = StrictUtf8.GetString(buffer, 0, length).Trim();
            return text.Length > 0 ? text : throw new InvalidRequestException($"The field {part.Name} is empty.");
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidRequestException($"The field {part.Name} is no text in UTF-8; to send a file, give it a file name.");
        }
    }

    /// <summary>What the client calls a file, without folders; empty when it does not say.</summary>
    /// <exception cref="InvalidRequestException">The name is too long.</exception>
    public static string FileNameOf(ContentDispositionHeaderValue disposition)
    {
        var given = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
        var name = HeaderUtilities.RemoveQuotes(given).ToString().Replace('\\', '/');
        name = new([.. name[(name.LastIndexOf('/') + 1)..].Trim().Where(character => !char.IsControl(character))]);
        return name.Length <= MaxFileName ? name : throw new InvalidRequestException($"The name of a file can have at most {MaxFileName} characters.");
    }

    /// <summary>What the caller is told of a field that comes again.</summary>
    public static InvalidRequestException Twice(string name) => new($"The field '{Shown(name)}' is given twice.");

    /// <summary>Whether an exception says that the form itself, and not the connection, is broken.</summary>
    public static bool IsBroken(Exception exception) => exception is InvalidDataException or IOException and not BadHttpRequestException && !FullDisk.Is(exception);

    /// <summary>What the caller is told about it.</summary>
    public static InvalidRequestException Broken() => new("The multipart form is broken or ends too early.");

    /// <summary>Text from a header as a message may repeat it.</summary>
    public static string Shown(string text) => new([.. text.Take(100).Where(character => !char.IsControl(character))]);
}
