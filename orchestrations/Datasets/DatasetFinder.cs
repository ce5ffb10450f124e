using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Datasets;

/// <summary>
/// Data sets that requests and schedules name: <c>uploads/{path}</c>, <c>datasets/{model}/{file_name}</c>, or a URL. Nothing is read here but what says which
/// bytes they are at this moment.
/// </summary>
/// <param name="blobs">The container <c>uploads</c>.</param>
/// <param name="datasets">What was uploaded in blocks.</param>
/// <param name="artifacts">Its bytes.</param>
/// <param name="urls">Which URLs may be named.</param>
/// <param name="scopes">Whose data sets are whose: those of a model, and files below its name in <c>uploads</c>.</param>
public sealed class DatasetFinder(BlobDatasets blobs, DatasetStore datasets, IArtifactStore artifacts, UrlSource urls, ModelScopes scopes)
{
    private const int LongestAddress = 2048;

    /// <summary>Refuses an address that is not valid or must not be fetched, without a request.</summary>
    /// <exception cref="InvalidRequestException">It cannot.</exception>
    public void Require(string address)
    {
        if (address.Length > LongestAddress)
            throw new InvalidRequestException($"The data set's address can have at most {LongestAddress} characters.");
        if (address.StartsWith(Dataset.Prefix, StringComparison.Ordinal))
            Dataset.Parse(address);
        else if (DatasetSource.IsUpload(address))
            RequirePath(address);
        else if (DatasetSource.IsUrl(address))
            urls.Require(address);
        else
            throw new InvalidRequestException("A data set is a path in the container uploads (uploads/folder/file.csv), one that was uploaded in blocks (datasets/{model}/{file_name}), or an http or https URL.");
    }

    /// <summary>What the file of an address is called.</summary>
    public string FileNameOf(string address)
    {
        Require(address);
        var path = DatasetSource.IsUrl(address) ? new Uri(address).AbsolutePath : address;
        return path[(path.LastIndexOf('/') + 1)..] is { Length: > 0 } name ? name : FoundDataset.InputName;
    }

    /// <summary>Finds a data set: what it is at this moment is what the job gets, or the job says that it is another by then. URLs are only looked at when they are fetched.</summary>
    /// <param name="caller">Who names it.</param>
    /// <param name="address">How it is named.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">It is no address, or must not be fetched.</exception>
    /// <exception cref="NotFoundException">There is none.</exception>
    /// <exception cref="TooLargeException">It has more bytes.</exception>
    /// <exception cref="ForbiddenException">It is of a model that the caller's scope does not have.</exception>
    public async Task<FoundDataset> FindAsync(Caller caller, string address, long limit, CancellationToken cancellationToken)
    {
        var name = FileNameOf(address);
        await RequireInScopeAsync(caller, address, cancellationToken);
        if (address.StartsWith(Dataset.Prefix, StringComparison.Ordinal))
            return await FindUploadedAsync(address, name, limit, cancellationToken);
        if (!DatasetSource.IsUpload(address))
        {
            // The query may be a signature, which is secret.
            var url = urls.Require(address);
            var shown = url.GetLeftPart(UriPartial.Path);
            return new FoundDataset(shown, name, null, shown, url.AbsoluteUri);
        }

        var path = address[(BlobDatasets.Uploads.Length + 1)..];
        var found = await blobs.FindAsync(BlobDatasets.Uploads, path, cancellationToken) ?? throw new NotFoundException($"There is no {Quoted.Text(address)}.");
        RequireAllowed(found.SizeBytes, limit);
        return new FoundDataset(address, name, null, DatasetSource.Of(BlobDatasets.Uploads, path, found.ETag), SizeBytes: found.SizeBytes);
    }

    /// <summary>Refuses a data set of a model that a caller's scope does not have. URLs are of no model.</summary>
    /// <exception cref="ForbiddenException">It is of such.</exception>
    public async Task RequireInScopeAsync(Caller caller, string address, CancellationToken cancellationToken)
    {
        if (address.StartsWith(Dataset.Prefix, StringComparison.Ordinal))
            await scopes.RequireAsync(caller, Dataset.Parse(address).Model, cancellationToken);
        else if (DatasetSource.IsUpload(address))
            await scopes.RequireAsync(caller, address.Split('/')[1], cancellationToken);
    }

    /// <summary>A file of the container <c>uploads</c> that is read as it is when the job runs. Whether it is there is asked then.</summary>
    public FoundDataset Unpinned(string path) => new(path, FileNameOf(path), null, path);

    private static void RequirePath(string address)
    {
        if (!JobFilePath.IsValid(address))
            throw new InvalidRequestException($"{Quoted.Text(address)} is not a path.");
    }

    private async Task<FoundDataset> FindUploadedAsync(string address, string name, long limit, CancellationToken cancellationToken)
    {
        var (model, fileName) = Dataset.Parse(address);
        var found = await datasets.GetAsync(model, fileName, cancellationToken);
        RequireAllowed(found.SizeBytes, limit);
        // From here on garbage collection leaves it to the job, whatever becomes of the name.
        if (!await artifacts.TouchAsync(found.Sha256, cancellationToken))
            throw new StorageUnavailableException($"The bytes of {address} are missing in storage.");
        return new FoundDataset(address, name, new JobInput(FoundDataset.InputName, fileName, found.Sha256, found.SizeBytes), null, SizeBytes: found.SizeBytes);
    }

    private static void RequireAllowed(long bytes, long limit)
    {
        if (bytes > limit)
            throw new TooLargeException($"The data set has more than {limit} bytes, which is the limit.");
    }
}
