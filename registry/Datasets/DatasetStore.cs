using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Datasets;

/// <summary>The names of uploaded data sets. Their bytes are artifacts, which stay while a data set or a job's input names them.</summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
/// <param name="documents">Where they are: those of a model in one partition, by their file names.</param>
public sealed class DatasetStore(IDocumentStore documents)
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    internal static readonly DocumentCollection<Dataset> Collection = RegistryJson.Collection<Dataset>("datasets");

    private readonly DocumentUpdater<Dataset> _updater = new(documents, Collection);

    /// <summary>A data set.</summary>
    /// <exception cref="NotFoundException">There is none of that name.</exception>
    /// <exception cref="InvalidRequestException">There can be none.</exception>
    public async Task<Dataset> GetAsync(ModelName model, string fileName, CancellationToken cancellationToken = default) =>
        (await ReadAsync(model, fileName, cancellationToken))?.Value ?? throw NotFound(model, fileName);

    /// <summary>
    /// Gives a name its data set. Of several for one name the one whose job is the newest stays, in whatever order they come: doing it again, late, takes
    /// nothing back.
    /// </summary>
    /// <returns>The data set that has the name now.</returns>
    public async Task<Dataset> PutAsync(Dataset dataset, CancellationToken cancellationToken = default)
    {
        Dataset.ValidateName(dataset.FileName);
        var stored = await _updater.UpdateAsync(
            dataset.Model,
            dataset.FileName,
            $"the data set {dataset.FileName}",
            // Ids of jobs ascend from the newest to the oldest.
            read => read is not null && string.CompareOrdinal(read.Value.Job, dataset.Job) <= 0 ? read.Value : dataset,
            cancellationToken);
        return stored!.Value;
    }

    /// <summary>Deletes a data set. Its bytes stay while a job has them among its inputs; the garbage collector deletes them afterwards.</summary>
    /// <exception cref="NotFoundException">There is none of that name.</exception>
    public async Task DeleteAsync(ModelName model, string fileName, CancellationToken cancellationToken = default)
    {
        var backoff = new Backoff($"the data set {fileName}");
        while (await ReadAsync(model, fileName, cancellationToken) is { } read)
        {
            if (await documents.TryDeleteAsync(Collection, read, cancellationToken))
                return;
            await backoff.NextAsync(cancellationToken);
        }

        throw NotFound(model, fileName);
    }

    /// <summary>Data sets by model and name.</summary>
    /// <param name="model">Of which model; null for all, which reads the whole collection, page by page.</param>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before, of the same model; null for the first.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The limit is out of range, or the cursor is none.</exception>
    public async Task<Page<Dataset>> ListAsync(ModelName? model, int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        var page = model is null
            ? await documents.ScanAsync(Collection, limit, cursor, cancellationToken)
            : await documents.ListAsync(Collection, model, limit, cursor, cancellationToken);
        return new Page<Dataset>([.. page.Documents.Select(found => found.Value)], page.Continuation);
    }

    private Task<Document<Dataset>?> ReadAsync(ModelName model, string fileName, CancellationToken cancellationToken)
    {
        Dataset.ValidateName(fileName);
        return documents.GetAsync(Collection, model, fileName, cancellationToken);
    }

    private static NotFoundException NotFound(ModelName model, string fileName) =>
        new($"There is no data set {Quoted.Text(Dataset.AddressOf(model, fileName))}.");
}
