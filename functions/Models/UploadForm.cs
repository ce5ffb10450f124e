using System.Text;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>
/// An upload as it streams in: one file, and named text fields before or after it. The file goes to the publisher's
/// staging area while it arrives; nothing is buffered whole.
/// </summary>
internal sealed class UploadForm : IAsyncDisposable
{
    /// <summary>Longest text field, in bytes.</summary>
    private const int MaxFieldBytes = 64 * 1024;

    /// <summary>Most parts of a form.</summary>
    private const int MaxParts = 32;

    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);
    private int _parts;

    /// <summary>The staged file; null when the form had none.</summary>
    public StagedFile? File { get; private set; }

    /// <summary>The file's name as the client gave it, without folders.</summary>
    public string? FileName { get; private set; }

    /// <summary>A text field; null when absent.</summary>
    public string? this[string name] => _fields.GetValueOrDefault(name);

    /// <summary>The text fields that came.</summary>
    public IEnumerable<string> FieldNames => _fields.Keys;

    /// <summary>Reads a multipart form, or a raw body with its fields in the query string.</summary>
    /// <param name="request">The request.</param>
    /// <param name="fileField">Name of the file's part.</param>
    /// <param name="publisher">Where the file is staged.</param>
    /// <param name="cancellationToken">Ends the read; what was staged is removed.</param>
    /// <exception cref="InvalidRequestException">The form is not well-formed.</exception>
    /// <exception cref="RefusedException">The media type or the file's extension cannot be a model's (415).</exception>
    /// <exception cref="TooLargeException">The file or a field is over its limit.</exception>
    public static async Task<UploadForm> ReadAsync(HttpRequest request, string fileField, ModelPublisher publisher, CancellationToken cancellationToken)
    {
        var form = new UploadForm();
        try
        {
            if (MultipartForm.ReaderOf(request) is { } reader)
            {
                await MultipartForm.ReadAsync(reader, part => form.TakeAsync(part, fileField, publisher, cancellationToken), cancellationToken);
            }
            else if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase))
            {
                foreach (var (name, values) in request.Query)
                    form._fields[name] = values.ToString();
                form.File = await publisher.StageAsync(request.Body, request.ContentLength, cancellationToken);
            }
            else
            {
                throw new RefusedException(
                    StatusCodes.Status415UnsupportedMediaType,
                    $"Send multipart/form-data with the file in the field '{fileField}', or the file itself as application/octet-stream.");
            }
            return form;
        }
        catch
        {
            await form.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => File?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task TakeAsync(FormPart part, string fileField, ModelPublisher publisher, CancellationToken cancellationToken)
    {
        if (++_parts > MaxParts)
            throw new InvalidRequestException($"The form has more than {MaxParts} parts.");
        if (!part.IsFile)
            await ReadFieldAsync(part, cancellationToken);
        else if (part.Name == fileField && File is null)
            await ReadFileAsync(part, publisher, cancellationToken);
        else
            throw new InvalidRequestException($"The name of the file path must be '{fileField}', once; '{part.Name}' came.");
    }

    private async Task ReadFileAsync(FormPart part, ModelPublisher publisher, CancellationToken cancellationToken)
    {
        FileName = part.FileName is { Length: > 0 } given ? given : null;
        if (Path.GetExtension(FileName) is { Length: > 0 } extension && !extension.Equals(".onnx", StringComparison.OrdinalIgnoreCase))
            throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, "Filename extension not allowed. Please use one of these: ['.onnx']");
        File = await publisher.StageAsync(part.Body, null, cancellationToken);
    }

    private async Task ReadFieldAsync(FormPart part, CancellationToken cancellationToken)
    {
        var name = part.Name;
        var buffer = new byte[MaxFieldBytes + 1];
        var length = await part.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > MaxFieldBytes)
            throw new TooLargeException($"The field '{name}' is limited to {MaxFieldBytes} bytes.");
        if (!_fields.TryAdd(name, Encoding.UTF8.GetString(buffer, 0, length)))
            throw MultipartForm.Twice(name);
    }
}
