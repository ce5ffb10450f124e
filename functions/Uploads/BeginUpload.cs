using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Uploads;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Uploads;

/// <summary>Uploads past the request limit: the file goes to storage in blocks, through a URL that can write one blob.</summary>
public sealed class BeginUpload(UploadSessions sessions, UploadSessionOptions options, PublishingOptions publishing, DatasetJob datasets)
{
    private static readonly JsonBody<NewUploadRequest> Body = new("{\"kind\": \"model\" or \"dataset\", \"file_name\": text, \"size_bytes\": integer}, all optional but for a data set's file_name") { IsRequired = false };

    /// <summary>Begins an upload. The body may be empty, or say <c>kind</c>, <c>file_name</c> and <c>size_bytes</c>; a data set needs a <c>file_name</c>.</summary>
    [Function("BeginUpload"), Requires(Role.Contributor), Description("Begin a big upload, of a model or a data set: a URL to put blocks to.")]
    [Query, Takes(nameof(Body)), Answers(typeof(UploadAnswer), StatusCodes.Status201Created)]
    public async Task<IActionResult> Begin(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{model}/uploads")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var body = await Body.ReadOrDefaultAsync(request, cancellationToken);
        var isDataset = body.Kind is { } kind && IsDataset(kind);
        if (body.SizeBytes is < 1)
            throw new InvalidRequestException("size_bytes must be at least 1.");
        var most = isDataset ? datasets.MostBytes : publishing.ModelBytes;
        if (body.SizeBytes > most)
            throw new TooLargeException($"The {(isDataset ? "data set" : "model")} has more than {most} bytes, which is the limit.");
        if (!isDataset && body.FileName is { } fileName && !IngestedBlob.IsArchive(fileName) && Path.GetExtension(fileName) is { Length: > 0 } extension && !extension.Equals(".onnx", StringComparison.OrdinalIgnoreCase))
            throw Form.WrongExtension(fileName, [".onnx", .. IngestedBlob.ArchiveExtensions]);

        var session = await sessions.CreateAsync(
            name, body.FileName, body.SizeBytes, isDataset ? UploadKind.Dataset : UploadKind.Model, cancellationToken);
        var url = await sessions.GetUrlAsync(session, cancellationToken);
        return new Envelope(
                StatusCodes.Status201Created,
                $"Put blocks of {name} to the URL, then complete the upload {session.Id}",
                new UploadAnswer { Upload = UploadAnswers.Of(session, url, 0, options) })
            .WithLocation($"/api/v1/models/{name}/uploads/{session.Id}");
    }

    private static bool IsDataset(string kind) => kind switch
    {
        "dataset" => true,
        "model" => false,
        _ => throw new InvalidRequestException("kind must be model or dataset."),
    };
}
