using Larder.Inference;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Http;

/// <summary>
/// A file as an answer. <c>If-Match</c>, <c>If-None-Match</c>, <c>Range</c> (one range) and <c>If-Range</c> are answered as RFC 9110, sections 13 and 14, has them.
/// </summary>
/// <param name="ETag">Of the bytes, without quotes.</param>
/// <param name="SizeBytes">How many there are.</param>
/// <param name="FileName">What the client should call it; without folders.</param>
/// <param name="ContentType">What it is.</param>
internal sealed record FileAnswer(string ETag, long SizeBytes, string FileName, string ContentType = "application/octet-stream")
{
    /// <summary>Sends the part that the request wants.</summary>
    /// <param name="request">The request.</param>
    /// <param name="open">Opens a part of the file, given its first byte and its length, null for all; called only if bytes are sent.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="HttpStatusException">The range is outside the file (416).</exception>
    /// <exception cref="PreconditionFailedException"><c>If-Match</c> names other files.</exception>
    public async Task<IActionResult> SendAsync(
        HttpRequest request, Func<long, long?, CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        var etag = new EntityTagHeaderValue($"\"{ETag}\"");
        var headers = request.GetTypedHeaders();
        var response = request.HttpContext.Response;
        response.GetTypedHeaders().ETag = etag;
        response.Headers.AcceptRanges = "bytes";
        // Clients may cache it and must revalidate it; shared caches may not.
        response.Headers.CacheControl = "private, no-cache";
        if (EntityTags.Required(request)?.Contains(ETag) == false)
            throw new PreconditionFailedException("The file is another one than If-Match names.");
        if (EntityTags.IsKnown(request, etag.Tag.ToString()))
            return new StatusCodeResult(StatusCodes.Status304NotModified);

        var range = headers.IfRange is { EntityTag: var expected } && !etag.Compare(expected, useStrongComparison: true)
            ? null
            : headers.Range;
        // Ranges are defined for GET alone (RFC 9110, section 14.2).
        var (offset, length) = Part(HttpMethods.IsHead(request.Method) ? null : range);
        if (length <= 0 && SizeBytes > 0)
        {
            response.Headers.ContentRange = $"bytes */{SizeBytes}";
            throw new HttpStatusException(ErrorKind.WrongRange, $"The file has {SizeBytes} bytes; the range is outside.");
        }

        var isPart = length < SizeBytes;
        await using var content = HttpMethods.IsHead(request.Method) ? Stream.Null : await open(offset, isPart ? length : null, cancellationToken);
        if (isPart)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {offset}-{offset + length - 1}/{SizeBytes}";
        }
        response.ContentType = ContentType;
        response.ContentLength = length;
        NameDownload(response, FileName);
        await content.CopyToAsync(response.Body, cancellationToken);
        return new EmptyResult();
    }

    /// <summary>Says that an answer is a file to keep, and its name.</summary>
    internal static void NameDownload(HttpResponse response, string fileName)
    {
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(fileName);
        response.GetTypedHeaders().ContentDisposition = disposition;
    }

    /// <summary>The bytes that a request wants: all of them without a range, or with more than one, with another unit, or of nothing.</summary>
    private (long Offset, long Length) Part(RangeHeaderValue? header)
    {
        if (SizeBytes == 0 || header is not { Unit.Value: "bytes", Ranges.Count: 1 } || header.Ranges.First() is not { } range)
            return (0, SizeBytes);
        if (range.From is not { } from)
            return range.To is { } last ? (Math.Max(0, SizeBytes - last), Math.Min(last, SizeBytes)) : (0, SizeBytes);
        var to = Math.Min(range.To ?? long.MaxValue, SizeBytes - 1);
        return (from, to - from + 1);
    }

    /// <summary>Sends an artifact, whose SHA-256 is the <see cref="ETag"/>.</summary>
    /// <param name="request">The request, whose response gets the headers and the bytes.</param>
    /// <param name="artifacts">Where it is.</param>
    /// <param name="what">What it is, as the beginning of a sentence, should its bytes be missing.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <inheritdoc cref="SendAsync(HttpRequest, Func{long, long?, CancellationToken, Task{Stream}}, CancellationToken)"/>
    public Task<IActionResult> SendAsync(HttpRequest request, IArtifactStore artifacts, string what, CancellationToken cancellationToken)
    {
        return SendAsync(request, OpenAsync, cancellationToken);

        async Task<Stream> OpenAsync(long offset, long? length, CancellationToken cancellationToken) =>
            await artifacts.OpenReadAsync(ETag, offset, length, cancellationToken) ?? throw new StorageUnavailableException($"{what} is missing in storage.");
    }

    /// <summary>The content type of a file by its name. Only what no browser runs is given its own.</summary>
    public static string TypeOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".json" => "application/json",
        ".txt" or ".log" => "text/plain; charset=utf-8",
        ".csv" => "text/csv; charset=utf-8",
        ".jsonl" => "application/x-ndjson",
        ".png" => "image/png",
        _ => "application/octet-stream",
    };
}
