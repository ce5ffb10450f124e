using System.Buffers;
using System.Buffers.Text;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Inference.Images;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Prediction;

/// <summary>
/// Reads one image, the only file of a form, the whole body or base64 in JSON, into a model's input tensor. File, pixels and tensor count against the budget of bytes in flight.
/// </summary>
public sealed class ImageBody(ImageLimits limits, SessionCache sessions) : IDisposable
{
    // Bytes of the budget that a body without Content-Length takes at first.
    private const int FirstBytes = 64 << 10;

    // What Base64 can say the length of.
    private const int MostEncodedBytes = 1_500_000_000;

    // Decoding an image at the limit can take hundreds of megabytes: no more images are decoded at a time than there are cores.
    private readonly SemaphoreSlim _decoders = new(Environment.ProcessorCount);

    /// <summary>
    /// Whether the request carries a file and not JSON. Clients that do not know the media type of their file send none, or <c>application/octet-stream</c>, or what
    /// curl says of every body: then the first bytes decide.
    /// </summary>
    public static ValueTask<bool> IsImageAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var type = request.ContentType ?? "";
        if (type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
            return ValueTask.FromResult(false);
        return type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) || MultipartForm.IsForm(request)
            ? ValueTask.FromResult(true)
            : BeginsAsImageAsync(request, IsBytes(type), cancellationToken);
    }

    private static async ValueTask<bool> BeginsAsImageAsync(HttpRequest request, bool isBytes, CancellationToken cancellationToken)
    {
        var body = request.OpenBodyReader();
        var bytes = (await body.ReadAtLeastAsync(ImagePlan.MostBytesToRecognise, cancellationToken)).Buffer;
        var start = bytes.Slice(0, Math.Min(bytes.Length, ImagePlan.MostBytesToRecognise)).ToArray();
        body.AdvanceTo(bytes.Start);
        return ImagePlan.Recognises(start) || (isBytes && start.AsSpan().TrimStart(" \t\r\n\uFEFF"u8) is not [(byte)'{', ..]);
    }

    /// <summary>Reads and decodes the image.</summary>
    /// <exception cref="InvalidInputException">The model takes no image, or the image cannot be decoded or is too large.</exception>
    /// <exception cref="MemoryLimitException">The image needs more memory than a request may have.</exception>
    /// <exception cref="MemoryBusyException">Other requests hold the memory.</exception>
    /// <exception cref="InvalidRequestException">The form has no such file.</exception>
    public async ValueTask ReadAsync(HttpRequest request, LoadedModel model, PredictionInputs inputs, CancellationToken cancellationToken)
    {
        var plan = ImagePlan.For(model.Signature, model.Settings.Image);
        FormPart? part = null;
        var parts = MultipartForm.PartsOf(request, cancellationToken)?.GetAsyncEnumerator(cancellationToken);
        var file = parts is null ? request.OpenBodyReader().AsStream(leaveOpen: true) : (part = await FileOfAsync(parts)).Open();
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
                    throw TooLarge();
                if (length < buffer.Length)
                    continue;
                var larger = Math.Min(2 * taken, limits.MaxBytes);
                await bodies.TakeAsync(larger, cancellationToken);
                bodies.Release(taken);
                taken = larger;
                Array.Resize(ref buffer, (int)taken + 1);
            }
            if (parts is not null && await parts.MoveNextAsync())
                throw new InvalidRequestException($"The field '{RequestText.Shown(parts.Current.Name)}' is too many: a prediction takes one file.");
            if (part?.ContentType is { } type && !IsImageType(type) && !ImagePlan.Recognises(buffer.AsSpan(0, length)))
                throw new InvalidRequestException($"Filetype {RequestText.Shown(type)} is not currently allowed for predictions. The model server only supports images so far");

            await DecodeAsync(buffer.AsMemory(0, length), plan, inputs, cancellationToken);
        }
        finally
        {
            bodies.Release(taken);
        }
    }

    /// <summary>Reads an image that stands in a JSON body.</summary>
    /// <param name="image">Where it stands.</param>
    /// <param name="json">The body.</param>
    /// <param name="model">The model.</param>
    /// <param name="inputs">The model's input.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">It is not base64.</exception>
    /// <inheritdoc cref="ReadAsync(HttpRequest, LoadedModel, PredictionInputs, CancellationToken)"/>
    internal async ValueTask ReadAsync(EncodedImage image, ReadOnlySequence<byte> json, LoadedModel model, PredictionInputs inputs, CancellationToken cancellationToken)
    {
        var plan = ImagePlan.For(model.Signature, model.Settings.Image);
        if (image.Length > Base64.GetMaxEncodedToUtf8Length((int)Math.Min(limits.MaxBytes, MostEncodedBytes)) + EncodedImage.MostPrefix)
            throw TooLarge();
        var bodies = sessions.Memory.Bodies;
        await bodies.TakeAsync(image.Length, cancellationToken);
        try
        {
            var file = image.Decode(json);
            if (file.Length > limits.MaxBytes)
                throw TooLarge();
            await DecodeAsync(file, plan, inputs, cancellationToken);
        }
        finally
        {
            bodies.Release(image.Length);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _decoders.Dispose();

    private async ValueTask DecodeAsync(ReadOnlyMemory<byte> file, ImagePlan plan, PredictionInputs inputs, CancellationToken cancellationToken)
    {
        await inputs.ReserveAsync(plan.BytesFor(file, limits), cancellationToken);
        await _decoders.WaitAsync(cancellationToken);
        try
        {
            using var image = plan.Decode(file, limits);
            image.WriteTo(inputs[0].Reserve([.. image.Shape]));
        }
        finally
        {
            _decoders.Release();
        }
    }

    private static async ValueTask<FormPart> FileOfAsync(IAsyncEnumerator<FormPart> parts)
    {
        if (!await parts.MoveNextAsync())
            throw new InvalidRequestException("No json data {values:[...]} or file provided");
        return parts.Current.IsFile
            ? parts.Current
            : throw new InvalidRequestException($"The field '{RequestText.Shown(parts.Current.Name)}' is not known; a prediction takes one file, for example as 'path'.");
    }

    private TooLargeException TooLarge() => new($"An image is limited to {limits.MaxBytes} bytes.");

    // Clients that do not know the type send application/octet-stream; the decoder recognises the format by its bytes.
    private static bool IsImageType(string type) => type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) || IsBytes(type);

    private static bool IsBytes(string type) => type.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase);
}
