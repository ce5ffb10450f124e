using Larder.Orchestrations;
using Larder.Registry;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions;

/// <summary>A scoring as it streams in: its data set goes to the staging area while it arrives.</summary>
internal sealed class ScoreForm : IAsyncDisposable
{
    private const string Dataset = "dataset";
    private const string OptionsField = "options";

    private StagedFile? _file;

    /// <summary>The data set; null when the form only names it.</summary>
    public StagedFile? File => _file;

    /// <summary>The data set's address, when the form only names it.</summary>
    public string? Address { get; private set; }

    /// <summary>What the client calls it.</summary>
    public string FileName { get; private set; } = Dataset;

    /// <summary>The options as JSON; null when there are none.</summary>
    public byte[]? Options { get; private set; }

    /// <summary>Reads the form.</summary>
    /// <exception cref="InvalidRequestException">It is not well-formed, or has no data set.</exception>
    /// <exception cref="RefusedException">It is neither a form nor JSON (415).</exception>
    /// <exception cref="TooLargeException">A part is over its limit.</exception>
    public static async Task<ScoreForm> ReadAsync(HttpRequest request, StagingArea staging, ScoringLimits limits, CancellationToken cancellationToken)
    {
        var reader = MultipartForm.ReaderOf(request) ?? throw new RefusedException(
            StatusCodes.Status415UnsupportedMediaType, $"Send multipart/form-data with the file '{Dataset}', or JSON that names it: {{\"{Dataset}\": \"uploads/file.csv\"}}.");

        var form = new ScoreForm();
        try
        {
            await MultipartForm.ReadAsync(reader, part => form.TakeAsync(part, staging, limits, cancellationToken), cancellationToken);
            return (form._file, form.Address) is (null, null) ? throw new InvalidRequestException("No data provided with name 'dataset'") : form;
        }
        catch
        {
            await form.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _file?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task TakeAsync(FormPart part, StagingArea staging, ScoringLimits limits, CancellationToken cancellationToken)
    {
        switch (part.Name)
        {
            case OptionsField:
                Options = Options is null ? await MultipartForm.ReadOptionsAsync(part, cancellationToken) : throw MultipartForm.Twice(part.Name);
                break;
            case Dataset when (_file, Address) is not (null, null):
                throw MultipartForm.Twice(part.Name);
            case Dataset when part.IsFile:
                FileName = part.FileName is { Length: > 0 } name ? name : Dataset;
                _file = await staging.AddAsync(part.Body, "data set", limits.DatasetBytes, null, cancellationToken);
                break;
            case Dataset:
                Address = await MultipartForm.ReadTextAsync(part, cancellationToken);
                break;
            default:
                throw new InvalidRequestException(
                    $"The field '{MultipartForm.Shown(part.Name)}' is not known; a scoring takes {Dataset}, a file or the address of one, and the JSON field {OptionsField}.");
        }
    }
}
