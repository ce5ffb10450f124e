using Larder.Orchestrations;
using Larder.Registry;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions;

/// <summary>An import as it streams in: its archive goes to the staging area while it arrives.</summary>
internal sealed class ImportForm : IAsyncDisposable
{
    private const string Archive = "archive";
    private const string OptionsField = "options";

    private StagedFile? _file;

    /// <summary>The archive.</summary>
    public StagedFile File => _file!;

    /// <summary>What the client calls it.</summary>
    public string FileName { get; private set; } = TransferPaths.Archive;

    /// <summary>The options as JSON; null when there are none.</summary>
    public byte[]? Options { get; private set; }

    /// <summary>Reads the form.</summary>
    /// <exception cref="InvalidRequestException">It is not well-formed, or has no archive.</exception>
    /// <exception cref="RefusedException">It is neither a form nor JSON (415).</exception>
    /// <exception cref="TooLargeException">A part is over its limit.</exception>
    public static async Task<ImportForm> ReadAsync(HttpRequest request, StagingArea staging, ImportLimits limits, CancellationToken cancellationToken)
    {
        var reader = MultipartForm.ReaderOf(request) ?? throw new RefusedException(
            StatusCodes.Status415UnsupportedMediaType, $"Send multipart/form-data with the file '{Archive}', or JSON that names it: {{\"source\": \"id of an export's job, uploads/path or URL\"}}.");

        var form = new ImportForm();
        try
        {
            await MultipartForm.ReadAsync(reader, part => form.TakeAsync(part, staging, limits, cancellationToken), cancellationToken);
            return form._file is null ? throw new InvalidRequestException($"No archive provided with name '{Archive}'") : form;
        }
        catch
        {
            await form.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _file?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task TakeAsync(FormPart part, StagingArea staging, ImportLimits limits, CancellationToken cancellationToken)
    {
        switch (part.Name)
        {
            case OptionsField:
                Options = Options is null ? await MultipartForm.ReadOptionsAsync(part, cancellationToken) : throw MultipartForm.Twice(part.Name);
                break;
            case Archive when part.IsFile:
                if (_file is not null)
                    throw MultipartForm.Twice(part.Name);
                FileName = part.FileName is { Length: > 0 } name ? name : TransferPaths.Archive;
                _file = await staging.AddAsync(part.Body, Archive, limits.ArchiveBytes, null, cancellationToken);
                break;
            default:
                throw new InvalidRequestException(
                    $"The field '{MultipartForm.Shown(part.Name)}' is not known; an import takes the file {Archive} and the JSON field {OptionsField}.");
        }
    }
}
