using System.ComponentModel;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>Uploads past the request limit: the file goes to storage in blocks, through a URL that can write one blob.</summary>
public sealed class BeginUpload(UploadSessions sessions, UploadSessionOptions options, PublishingOptions publishing)
{
    private const string Expected = "{\"file_name\": text, \"size_bytes\": integer}, both optional";

    /// <summary>Begins an upload. The body may be empty, or say <c>file_name</c> and <c>size_bytes</c>.</summary>
    [Function("BeginUpload"), Requires(Role.Contributor), Description("Begin a big upload: a URL to put blocks to.")]
    public async Task<IActionResult> Begin(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/v1/models/{model}/uploads")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        ModelName.Validate(model);
        var isEmpty = request.ContentLength is 0 || (request.ContentLength is null && !request.Headers.ContainsKey(HeaderNames.TransferEncoding));
        var body = isEmpty ? new Body(null, null) : await Json.ReadAsync<Body>(request, Expected, cancellationToken);
        if (body.SizeBytes is < 1)
            throw new InvalidRequestException("size_bytes must be at least 1.");
        if (body.SizeBytes > publishing.ModelBytes)
            throw new TooLargeException($"The model has more than {publishing.ModelBytes} bytes, which is the limit.");
        if (Path.GetExtension(body.FileName) is { Length: > 0 } extension && !extension.Equals(".onnx", StringComparison.OrdinalIgnoreCase))
            throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, "Filename extension not allowed. Please use one of these: ['.onnx']");

        var session = await sessions.CreateAsync(model, body.FileName, body.SizeBytes, cancellationToken);
        var url = await sessions.GetUrlAsync(session, cancellationToken);
        return new Envelope(StatusCodes.Status201Created, $"Put blocks of {model} to the URL, then complete the upload {session.Id}")
            .WithHeader(HeaderNames.Location, $"/api/v1/models/{model}/uploads/{session.Id}")
            .With("upload", UploadView.Of(session, url, 0, options));
    }

    private sealed record Body(string? FileName = null, long? SizeBytes = null);
}
