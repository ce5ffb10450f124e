using System.ComponentModel;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>Downloads.</summary>
public sealed class DownloadModel(ModelRegistry registry, IArtifactStore artifacts)
{
    /// <summary>
    /// The ONNX file of a version. Its ETag is its sha256; <c>If-None-Match</c>, <c>Range</c> (one range) and <c>If-Range</c> are
    /// answered as RFC 9110, sections 13 and 14, has them.
    /// </summary>
    [Function("DownloadModel"), Description("The file; Range and If-None-Match are honoured.")]
    public async Task<IActionResult> Download(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/v1/models/{reference}/download")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var version = (await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken)).Version;
        var etag = new EntityTagHeaderValue($"\"{version.Sha256}\"");
        var headers = request.GetTypedHeaders();
        var response = request.HttpContext.Response;
        response.GetTypedHeaders().ETag = etag;
        response.Headers.AcceptRanges = "bytes";
        response.Headers[PredictionResponse.VersionHeader] = $"{version.Version}";

        if (headers.IfNoneMatch.Any(known => known.Compare(etag, useStrongComparison: false) || known == EntityTagHeaderValue.Any))
            return new StatusCodeResult(StatusCodes.Status304NotModified);
        var range = headers.IfRange is { EntityTag: var expected } && !etag.Compare(expected, useStrongComparison: true)
            ? null
            : headers.Range;
        var (offset, length) = Part(range, version.SizeBytes);
        if (length <= 0)
        {
            response.Headers.ContentRange = $"bytes */{version.SizeBytes}";
            throw new RefusedException(StatusCodes.Status416RangeNotSatisfiable, $"The file has {version.SizeBytes} bytes; the range is outside.");
        }

        await using var content = await artifacts.OpenReadAsync(version.Sha256, offset, length, cancellationToken)
            ?? throw new StorageUnavailableException($"The file of {version.Model}:{version.Version} is missing in storage.");
        if (length < version.SizeBytes)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {offset}-{offset + length - 1}/{version.SizeBytes}";
        }
        response.ContentType = "application/octet-stream";
        response.ContentLength = length;
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(version.FileName ?? $"{version.Model}.onnx");
        response.GetTypedHeaders().ContentDisposition = disposition;
        await content.CopyToAsync(response.Body, cancellationToken);
        return new EmptyResult();
    }

    /// <summary>The bytes that a request wants: all of them without a range, or with more than one, or with another unit.</summary>
    private static (long Offset, long Length) Part(RangeHeaderValue? header, long size)
    {
        if (header is not { Unit.Value: "bytes", Ranges.Count: 1 } || header.Ranges.First() is not { } range)
            return (0, size);
        if (range.From is not { } from)
            return range.To is { } last ? (Math.Max(0, size - last), Math.Min(last, size)) : (0, size);
        var to = Math.Min(range.To ?? long.MaxValue, size - 1);
        return (from, to - from + 1);
    }
}
