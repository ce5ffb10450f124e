using Larder.Inference.Sessions;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Publishing;

/// <summary>
/// Publishes a model from a folder whose files are artifacts already, as MLflow's clients log it: the ONNX file goes the way of every upload, and the version keeps the whole folder.
/// A model of another framework is kept too, as a version that takes no predictions and is never the default.
/// </summary>
/// <param name="publisher">Publishes the model.</param>
/// <param name="stager">Stages it, with the files in which it keeps tensors.</param>
/// <param name="artifacts">Has the files.</param>
public sealed class FolderPublisher(ModelPublisher publisher, ModelStager stager, IArtifactStore artifacts)
{
    /// <summary>The most files of a folder.</summary>
    public const int MaxFiles = ModelFile.Most;

    private const string Extension = ".onnx";

    /// <summary>Publishes the model of a folder.</summary>
    /// <param name="name">The model.</param>
    /// <param name="files">The files of the folder, by their paths in it.</param>
    /// <param name="request">What comes with them.</param>
    /// <param name="cancellationToken">Cancels the operation; once it is validated and stored, the version is published all the same.</param>
    /// <returns>The model and its new version.</returns>
    /// <exception cref="InvalidRequestException">The folder has no model that can be served: why, and what to do.</exception>
    /// <inheritdoc cref="ModelPublisher.PublishAsync(ModelName, Stream, PublishRequest, long?, CancellationToken)"/>
    public async Task<ResolvedModel> PublishAsync(ModelName name, IReadOnlyList<VersionFile> files, PublishRequest request, CancellationToken cancellationToken = default)
    {
        request.Validate();
        if (files.Count > MaxFiles)
            throw new InvalidRequestException($"A model can have at most {MaxFiles} files, and there are more at its source.");
        if (files.FirstOrDefault(file => !VersionFile.IsPath(file.Name)) is { } odd)
            throw new InvalidRequestException($"{Quoted.Text(odd.Name)} cannot be the path of a model's file.");
        var byName = files.ToDictionary(file => file.Name, StringComparer.Ordinal);
        var (path, flavors) = await FindAsync(byName, cancellationToken);
        if (path is null)
            return await KeepAsync(name, files, request, flavors, cancellationToken);
        var model = byName[path];
        var (folder, fileName) = model.Name.LastIndexOf('/') is >= 0 and var slash ? (model.Name[..(slash + 1)], model.Name[(slash + 1)..]) : ("", model.Name);

        await using var content = await OpenAsync(model, cancellationToken);
        await using var staged = await stager.StageAsync(
            content, fileName, async (data, stop) => byName.GetValueOrDefault(folder + data) is { } file ? await OpenAsync(file, stop) : null, cancellationToken);
        await TouchAsync(files, cancellationToken);
        return await publisher.PublishAsync(name, staged, request with { FileName = fileName, Folder = files }, cancellationToken);
    }

    // A model of another framework has no file to validate: all that is known of it is its files.
    private async Task<ResolvedModel> KeepAsync(ModelName name, IReadOnlyList<VersionFile> files, PublishRequest request, IReadOnlyList<string> flavors, CancellationToken cancellationToken)
    {
        var folder = files.OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        await TouchAsync(folder, cancellationToken);
        var kept = new ValidatedArtifact(
            ModelFile.ManifestSha256(folder.Select(file => new ModelFile(file.Name, file.Sha256, file.SizeBytes, 0))), folder.Sum(file => file.SizeBytes), ModelVersion.Undescribed(string.Join(", ", flavors)));
        return await publisher.PublishAsync(name, kept, request with { Kind = ModelVersion.OtherKind, Folder = folder }, cancellationToken);
    }

    // Before a version names them: the garbage collector then leaves them.
    private async Task TouchAsync(IReadOnlyList<VersionFile> files, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            if (!await artifacts.TouchAsync(file.Sha256, cancellationToken))
                throw Missing(file);
        }
    }

    /// <returns>The path of the ONNX file; null for a model of another framework.</returns>
    private async Task<(string? Path, IReadOnlyList<string> Flavors)> FindAsync(Dictionary<string, VersionFile> files, CancellationToken cancellationToken)
    {
        if (!files.TryGetValue(LoggedModel.FileName, out var description))
        {
            return files.Count == 1 && files.Keys.Single() is var only && only.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
                ? (only, [])
                : throw new InvalidRequestException($"There is no model at the source: neither a folder with the file {LoggedModel.FileName}, as mlflow.onnx.log_model logs it, nor an {Extension} file.");
        }

        var model = await ReadAsync(description, cancellationToken);
        return model.OnnxFile is null || files.ContainsKey(model.OnnxFile)
            ? (model.OnnxFile, model.Flavors)
            : throw new InvalidRequestException($"The model's {LoggedModel.FileName} names the file {Quoted.Text(model.OnnxFile)}, which is not at the source.");
    }

    private async Task<LoggedModel> ReadAsync(VersionFile file, CancellationToken cancellationToken)
    {
        if (file.SizeBytes > LoggedModel.MaxBytes)
            throw new TooLargeException($"The model's {LoggedModel.FileName} has more than {LoggedModel.MaxBytes} bytes, which is the limit.");
        await using var content = await OpenAsync(file, cancellationToken);
        return LoggedModel.Read(await BinaryData.FromStreamAsync(content, cancellationToken));
    }

    private async Task<Stream> OpenAsync(VersionFile file, CancellationToken cancellationToken) =>
        await artifacts.OpenReadAsync(file.Sha256, cancellationToken: cancellationToken) ?? throw Missing(file);

    private static StorageUnavailableException Missing(VersionFile file) => new($"The file {Quoted.Text(file.Name)} is missing in storage.");
}
