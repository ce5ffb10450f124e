using Larder.Functions.Http;
using Larder.Inference;
using Larder.Inference.Images;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Prediction;

/// <summary>
/// Reads one image, from a form's field <c>path</c> or <c>file</c> or from the whole body, into a model's input tensor. File, pixels and tensor count against the budget of bytes in flight.
/// </summary>
public sealed class ImageBody(ImageLimits limits, SessionCache sessions) : IDisposable
{
    // Bytes of the budget that a body without Content-Length takes at first.
    private const int FirstBytes = 64 << 10;

    // Decoding an image at the limit can take hundreds of megabytes: no more images are decoded at a time than there are cores.
    private readonly SemaphoreSlim _decoders = new(Environment.ProcessorCount);

    /// <summary>Whether the request carries a file and not JSON.</summary>
    public static bool IsImage(HttpRequest request) => request.ContentType is { } type
        && (type.StartsWith("image/", StringComparison.OrdinalIgnoreCase)
            || type.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || type.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads and decodes the image.</summary>
    /// <exception cref="InvalidInputException">The model takes no image, or the image cannot be decoded or is too large.</exception>
    /// <exception cref="MemoryLimitException">The image needs more memory than a request may have.</exception>
    /// <exception cref="MemoryBusyException">Other requests hold the memory.</exception>
    /// <exception cref="InvalidRequestException">The form has no such file.</exception>
    public async ValueTask ReadAsync(HttpRequest request, LoadedModel model, PredictionInputs inputs, CancellationToken cancellationToken)
    {
        var plan = ImagePlan.For(model.Signature, model.Settings.Image);
        var parts = MultipartForm.PartsOf(request, cancellationToken)?.GetAsyncEnumerator(cancellationToken);
        var file = parts is null ? request.OpenBody() : await FileOfAsync(parts);
        var bodies = sessions.Memory.Bodies;
        var taken = Math.Min(request.ContentLength ?? FirstBytes, limits.MaxBytes);
        await bodies.TakeAsync(taken, cancellationToken);
        try
        {
            // One more byte than allowed, to notice files that are too large.
            var buffer = new byte[taken + 1];
            var length = 0;
            int read;
            while ((read = await file.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
            {
                length += read;
                if (length > limits.MaxBytes)
                    throw new TooLargeException($"An image is limited to {limits.MaxBytes} bytes.");
                if (length < buffer.Length)
                    continue;
                var larger = Math.Min(2 * taken, limits.MaxBytes);
                await bodies.TakeAsync(larger, cancellationToken);
                bodies.Release(taken);
                taken = larger;
                Array.Resize(ref buffer, (int)taken + 1);
            }
            if (parts is not null && await parts.MoveNextAsync())
                throw new InvalidRequestException($"The field '{RequestText.Shown(parts.Current.Name)}' is too many: a prediction takes one file, 'path' or 'file'.");

            await inputs.ReserveAsync(plan.BytesFor(buffer.AsMemory(0, length), limits), cancellationToken);
            await _decoders.WaitAsync(cancellationToken);
            try
            {
                using var image = plan.Decode(buffer.AsMemory(0, length), limits);
                image.WriteTo(inputs[0].Reserve([.. image.Shape]));
            }
            finally
            {
                _decoders.Release();
            }
        }
        finally
        {
            bodies.Release(taken);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _decoders.Dispose();

    private static async ValueTask<Stream> FileOfAsync(IAsyncEnumerator<FormPart> parts)
    {
        if (!await parts.MoveNextAsync())
            throw new InvalidRequestException("No json data {values:[...]} or file provided");
        var part = parts.Current;
        if (!part.IsFile)
            throw new InvalidRequestException($"The field '{RequestText.Shown(part.Name)}' is not known; a prediction takes one file, 'path' or 'file'.");
        if (part.Name is not ("path" or "file"))
            throw new InvalidRequestException("The name of the file path must be 'path' or 'file'");
        return part.ContentType is not { } type || IsImageType(type)
            ? part.Open()
            : throw new InvalidRequestException($"Filetype {RequestText.Shown(type)} is not currently allowed for predictions. The model server only supports images so far");
    }

    // Clients that do not know the type send application/octet-stream; the decoder recognises the format by its bytes.
    private static bool IsImageType(string type) =>
        type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase);
}
