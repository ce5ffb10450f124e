using Larder.Inference;

namespace Larder.Registry.Publishing;

/// <summary>Stages a model with the other files in which it keeps tensors, as they are in an archive or a folder.</summary>
/// <param name="publisher">Stages the model's own file.</param>
/// <param name="staging">Local disk.</param>
/// <param name="dataFiles">Says which files it needs.</param>
/// <param name="options">How many bytes a model may have, with all its files.</param>
public sealed class ModelStager(ModelPublisher publisher, StagingArea staging, FindDataFiles dataFiles, PublishingOptions options)
{
    /// <summary>Stages a model.</summary>
    /// <param name="content">The bytes of its ONNX file.</param>
    /// <param name="fileName">What that file is called, without folders.</param>
    /// <param name="open">Opens another file by its name, as the model has it; null when there is none.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>What <see cref="ModelPublisher"/> takes; dispose of it in any case.</returns>
    /// <exception cref="Errors.TooLargeException">There are more bytes than allowed, or more than there is room for.</exception>
    /// <exception cref="Errors.InvalidRequestException">The model is empty.</exception>
    /// <exception cref="InvalidModelException">The file is not a model that can be served, or a file that it needs is missing.</exception>
    public async Task<StagedFile> StageAsync(Stream content, string fileName, Func<string, CancellationToken, Task<Stream?>> open, CancellationToken cancellationToken)
    {
        var model = await publisher.StageAsync(content, null, cancellationToken);
        try
        {
            var names = await dataFiles(model.Path, cancellationToken);
            return names.Count == 0 ? model : await staging.AddDataAsync(model, fileName, names, open, options.ModelBytes, cancellationToken);
        }
        catch
        {
            await model.DisposeAsync();
            throw;
        }
    }
}

/// <summary>Names the other files in which a model keeps tensors.</summary>
/// <param name="path">The model's ONNX file.</param>
/// <param name="cancellationToken">Cancels the operation.</param>
/// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
public delegate Task<IReadOnlyCollection<string>> FindDataFiles(string path, CancellationToken cancellationToken);
