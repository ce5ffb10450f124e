using System.Runtime.CompilerServices;
using Larder.Inference;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Http;

/// <summary>Reads multipart forms while they arrive.</summary>
internal static class MultipartForm
{
    /// <summary>RFC 2046: a boundary has at most 70 characters.</summary>
    private const int MaxBoundary = 70;

    /// <summary>Whether the request says that it is one.</summary>
    public static bool IsForm(HttpRequest request) => request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The parts of the request's form, in their order; null when it is none. What is not read of a part is skipped.</summary>
    /// <exception cref="InvalidRequestException">The form has no usable boundary, or is not well-formed.</exception>
    /// <exception cref="HttpStatusException">It is in a coding that is not read (415).</exception>
    public static IAsyncEnumerable<FormPart>? PartsOf(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return null;
        return HeaderUtilities.RemoveQuotes(type.Boundary).Value is { Length: > 0 and <= MaxBoundary } boundary
            ? ReadAsync(new MultipartReader(boundary, request.OpenBody()), cancellationToken)
            : throw new InvalidRequestException("The multipart form has no usable boundary.");
    }

    /// <summary>Whether an exception says that the form itself, and not what was done with it, is broken.</summary>
    public static bool IsBroken(Exception exception) => exception is InvalidDataException or IOException and not BadHttpRequestException;

    /// <summary>What the caller is told about it.</summary>
    public static InvalidRequestException Broken() => new("The multipart form is broken or ends too early.");

    private static async IAsyncEnumerable<FormPart> ReadAsync(MultipartReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await NextAsync(reader, cancellationToken) is { } section)
        {
            yield return PartOf(section);
        }
    }

    private static FormPart PartOf(MultipartSection section)
    {
        try
        {
            return section.GetContentDispositionHeader() is { } disposition
                ? new FormPart(section, disposition)
                : throw new InvalidRequestException("A part of the form has no Content-Disposition.");
        }
        catch (ArgumentException)
        {
            // ASP.NET Core's own, for a parameter without a value: filename*.
            throw new InvalidRequestException("A part of the form has a Content-Disposition that cannot be read.");
        }
    }

    private static async Task<MultipartSection?> NextAsync(MultipartReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadNextSectionAsync(cancellationToken);
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            throw Broken();
        }
    }
}

/// <summary>One part of a form while it streams in.</summary>
/// <param name="section">Its headers and its body.</param>
/// <param name="disposition">Its header of that name.</param>
internal sealed class FormPart(MultipartSection section, ContentDispositionHeaderValue disposition)
{
    /// <summary>Longest name of a file: what file systems take, in characters that may have four bytes.</summary>
    private const int MaxFileName = 255;

    // What was common in mail, and RFC 7578 gave up: bytes as they are need none of it.
    private static readonly string[] Plain = ["7bit", "8bit", "binary", "identity"];

    /// <summary>The field's name.</summary>
    public string Name { get; } = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();

    /// <summary>Whether it is a file, and not a field.</summary>
    public bool IsFile { get; } = disposition.IsFileDisposition();

    /// <summary>Its media type; null when it has none.</summary>
    public string? ContentType => section.ContentType;

    /// <summary>What the client calls the file, without folders; empty when it does not say.</summary>
    /// <exception cref="InvalidRequestException">The name is too long, or not well-formed.</exception>
    public string FileName
    {
        get
        {
            var given = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
            var name = HeaderUtilities.RemoveQuotes(given).ToString().Replace('\\', '/');
            name = new([.. name[(name.LastIndexOf('/') + 1)..].Trim().Where(character => !char.IsControl(character))]);
            return name.Length <= MaxFileName
                ? RequestText.Require(name, "The name of a file")
                : throw new InvalidRequestException($"The name of a file can have at most {MaxFileName} characters.");
        }
    }

    /// <summary>Its bytes.</summary>
    /// <exception cref="HttpStatusException">They are encoded (415).</exception>
    public Stream Open()
    {
        foreach (var header in (string[])["Content-Transfer-Encoding", HeaderNames.ContentEncoding])
        {
            if (section.Headers?.TryGetValue(header, out var coding) == true && !Plain.Contains(coding.ToString().Trim(), StringComparer.OrdinalIgnoreCase))
                throw new HttpStatusException(ErrorKind.UnsupportedMedia, $"Send the parts of the form as they are; {header} '{RequestText.Shown(coding.ToString())}' is not supported.");
        }
        return new CheckedStream(section.Body, MultipartForm.IsBroken, MultipartForm.Broken);
    }

    /// <summary>Its text, in UTF-8.</summary>
    /// <exception cref="HttpStatusException">It is encoded, or in a charset that is not read (415).</exception>
    public ValueTask<Stream> OpenTextAsync(CancellationToken cancellationToken) => RequestBody.OpenTextAsync(Open(), ContentType, cancellationToken);

    /// <summary>Its text, all of it, in UTF-8.</summary>
    /// <param name="limit">The most bytes that there may be.</param>
    /// <param name="tooLarge">What the caller is told when there are more.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="TooLargeException">There are more.</exception>
    /// <exception cref="HttpStatusException">It is encoded, or in a charset that is not read (415).</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(int limit, string tooLarge, CancellationToken cancellationToken) =>
        await RequestBody.ReadAsync(await OpenTextAsync(cancellationToken), limit, tooLarge, cancellationToken);
}
