using System.Text;
using Larder.Orchestrations;
using Larder.Registry;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions;

/// <summary>A training as it streams in: its files go to the staging area while they arrive; nothing is buffered whole but the options.</summary>
internal sealed class TrainForm : IAsyncDisposable
{
    private const string Script = "script";
    private const string Requirements = "requirements";
    private const string Dataset = "dataset";
    private const string OptionsField = "options";

    private readonly List<(string Name, string FileName, StagedFile File)> _files = [];

    /// <summary>The files: what each is for, what the client called it, its bytes.</summary>
    public IReadOnlyList<(string Name, string FileName, StagedFile File)> Files => _files;

    /// <summary>The data set's address, when the form only names it.</summary>
    public string? Address { get; private set; }

    /// <summary>The options as JSON; null when there are none.</summary>
    public byte[]? Options { get; private set; }

    /// <summary>Reads the form.</summary>
    /// <exception cref="InvalidRequestException">It is not well-formed, or something is missing.</exception>
    /// <exception cref="RefusedException">The media type or a file's extension is another than it must be (415).</exception>
    /// <exception cref="TooLargeException">A part is over its limit.</exception>
    public static async Task<TrainForm> ReadAsync(HttpRequest request, StagingArea staging, JobLimits limits, CancellationToken cancellationToken)
    {
        var reader = MultipartForm.ReaderOf(request) ?? throw new RefusedException(
            StatusCodes.Status415UnsupportedMediaType, $"Send multipart/form-data with the files '{Script}', '{Requirements}' and '{Dataset}', or JSON: {{\"{Script}\": \"import os ...\", \"{Dataset}\": \"uploads/file.csv\"}}.");

        var form = new TrainForm();
        try
        {
            await MultipartForm.ReadAsync(reader, part => form.TakeAsync(part, staging, limits, cancellationToken), cancellationToken);
            form.Require(Script, "No training script provided with name 'script'");
            if (form.Address is null)
                form.Require(Dataset, "No data provided with name 'dataset'");
            return form;
        }
        catch
        {
            await form.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (var (_, _, file) in _files)
            await file.DisposeAsync();
    }

    private bool HasDataset => Address is not null || _files.Exists(file => file.Name == Dataset);

    private void Require(string name, string sentence)
    {
        if (!_files.Exists(file => file.Name == name))
            throw new InvalidRequestException(sentence);
    }

    private async Task TakeAsync(FormPart part, StagingArea staging, JobLimits limits, CancellationToken cancellationToken)
    {
        if (part.Name == OptionsField)
            Options = Options is null ? await MultipartForm.ReadOptionsAsync(part, cancellationToken) : throw MultipartForm.Twice(part.Name);
        else if (part.IsFile)
            await ReadFileAsync(part, staging, limits, cancellationToken);
        else if (part.Name == Dataset)
            Address = HasDataset ? throw MultipartForm.Twice(part.Name) : await MultipartForm.ReadTextAsync(part, cancellationToken);
        else
            throw Unknown(part.Name);
    }

    private async Task ReadFileAsync(FormPart part, StagingArea staging, JobLimits limits, CancellationToken cancellationToken)
    {
        var name = part.Name;
        var (extension, limit) = name switch
        {
            Script => (".py", limits.ScriptBytes),
            Requirements => (".txt", limits.ScriptBytes),
            Dataset => (null, limits.DatasetBytes),
            _ => throw Unknown(name),
        };
        if (name == Dataset ? HasDataset : _files.Exists(file => file.Name == name))
            throw MultipartForm.Twice(name);
        var fileName = part.FileName is { Length: > 0 } given ? given : name + extension;
        if (extension is not null && !Path.GetExtension(fileName).Equals(extension, StringComparison.OrdinalIgnoreCase))
            throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, $"Filename extension not allowed. Please use one of these: ['{extension}']");

        var staged = await staging.AddAsync(part.Body, name, limit, null, cancellationToken);
        if (name != Requirements && staged.SizeBytes == 0)
        {
            await staged.DisposeAsync();
            throw new InvalidRequestException(name == Script ? "The training script is empty." : "The data set is empty.");
        }

        // Requirements may be absent or empty, which is the same.
        if (name == Requirements && staged.SizeBytes == 0)
            await staged.DisposeAsync();
        else
            _files.Add((name, fileName, staged));
    }

    private static InvalidRequestException Unknown(string name) =>
        new($"The field '{MultipartForm.Shown(name)}' is not known; a training takes the files {Script}, {Requirements} and {Dataset}, which may be an address, and the JSON field {OptionsField}.");
}
