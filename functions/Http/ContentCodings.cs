using System.IO.Compression;
using Larder.Inference.Limits;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RequestDecompression;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Http;

/// <summary>
/// Compressed bodies and answers (RFC 9110, section 8.4), by ASP.NET Core's own middleware. It is added by a startup filter, since the isolated worker lets the
/// application build no pipeline of its own; it must not answer there, because the worker waits for each request to reach its function.
/// </summary>
internal sealed class ContentCodings : IStartupFilter
{
    // Beside those of ResponseCompressionDefaults. Images, archives and models do not get smaller, and events would be held back.
    private static readonly string[] Texts = ["text/csv", "text/markdown", "application/x-ndjson"];

    /// <inheritdoc />
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseRequestDecompression();
        app.UseResponseCompression();
        next(app);
    };

    /// <summary>Registers both directions.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.AddSingleton<IStartupFilter, ContentCodings>();
        services.AddSingleton<IRequestDecompressionProvider, BodyDecompression>();
        services.AddRequestDecompression();
        services.AddSingleton<IResponseCompressionProvider, AnswerCompression>();
        services.AddResponseCompression(options =>
        {
            // No answer has a secret beside text of the request, which BREACH needs: the only secret, a new token, is shown once.
            options.EnableForHttps = true;
            options.MimeTypes = ResponseCompressionDefaults.MimeTypes.Concat(Texts);
        });
    }
}

/// <summary>
/// Decompresses a body while it is read; what reads it counts the bytes that come out, and the framework stops at the server's limit. Another coding, or a second
/// one, is left to <see cref="RequestBody"/>, which refuses it.
/// </summary>
internal sealed class BodyDecompression : IRequestDecompressionProvider
{
    /// <summary>The codings that are read, for the answer that refuses another.</summary>
    public const string Codings = "gzip, deflate, br";

    /// <inheritdoc />
    public Stream? GetDecompressionStream(HttpContext context)
    {
        // In a method of its own, since what its error says would be allocated for requests without a coding, too.
        return context.Request.Headers.ContentEncoding is [{ Length: > 0 } given] ? Open(context.Request, given) : null;
    }

    private static CheckedStream? Open(HttpRequest request, string given)
    {
        if (Decompress(given, request.Body) is not { } content)
            return null;
        request.Headers.Remove(HeaderNames.ContentEncoding);
        // It is the length of what was sent.
        request.ContentLength = null;
        return new CheckedStream(
            content,
            // Brotli's says so with an InvalidOperationException.
            exception => exception is InvalidDataException or InvalidOperationException,
            () => new InvalidRequestException($"The body is not complete and valid {given}, as its Content-Encoding says."));
    }

    private static Stream? Decompress(string coding, Stream body) => coding.Trim().ToLowerInvariant() switch
    {
        "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress, leaveOpen: true),
        // The name is misleading: it is the zlib format (RFC 9110, section 8.4.1.2).
        "deflate" => new ZLibStream(body, CompressionMode.Decompress, leaveOpen: true),
        "br" => new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true),
        _ => null,
    };
}

/// <summary>Compresses answers above a size. The ETag of a compressed one says so, since other bytes need another strong tag (<see cref="EntityTags"/>).</summary>
internal sealed class AnswerCompression(IServiceProvider services, IOptions<ResponseCompressionOptions> options, CompressionLimits limits)
    : ResponseCompressionProvider(services, options)
{
    /// <inheritdoc />
    public override bool ShouldCompressResponse(HttpContext context) =>
        !(context.Response.ContentLength < limits.CompressFromBytes) && base.ShouldCompressResponse(context);

    /// <inheritdoc />
    public override ICompressionProvider? GetCompressionProvider(HttpContext context)
    {
        var provider = base.GetCompressionProvider(context);
        if (provider is not null && context.Response.Headers.ETag is [{ } etag])
            context.Response.Headers.ETag = EntityTags.Compressed(etag, provider.EncodingName);
        return provider;
    }
}

/// <summary>Which answers are compressed.</summary>
public sealed record CompressionLimits
{
    /// <summary>
    /// Smallest answer that is compressed for callers that accept it, in bytes (setting <c>Limits:CompressFromBytes</c>). One that is sent in pieces has no size
    /// beforehand, and counts as large.
    /// </summary>
    [AtLeast(0)]
    public long CompressFromBytes { get; init; } = 2048;
}
