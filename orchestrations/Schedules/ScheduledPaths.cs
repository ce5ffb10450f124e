using Larder.Orchestrations.Datasets;
using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs.Files;

namespace Larder.Orchestrations.Schedules;

/// <summary>What schedules name to be read anew. Whether it is there is asked when it is read.</summary>
internal static class ScheduledPaths
{
    /// <summary>Refuses what is no data set's address, or not in the caller's scope. A URL must not have a query: schedules are shown whole.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    /// <exception cref="ForbiddenException">It is of a model that the scope does not have.</exception>
    public static async Task RequireDatasetAsync(DatasetFinder finder, Caller caller, string address, CancellationToken cancellationToken)
    {
        var isPlain = address.StartsWith(Dataset.Prefix, StringComparison.Ordinal)
            || (DatasetSource.IsUrl(address) ? address.AsSpan().IndexOfAny('?', '#') < 0 : IsUpload(address));
        if (!isPlain)
        {
            throw new InvalidRequestException(
                $"job.inputs.dataset must be a path that begins with {BlobDatasets.Uploads}/, an uploaded data set ({Dataset.AddressOf("{model}", "{file_name}")}), or a URL without a query.");
        }

        finder.Require(address);
        await finder.RequireInScopeAsync(caller, address, cancellationToken);
    }

    /// <summary>Refuses what is no path of a model.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static void ValidateModel(string path)
    {
        if (!IsUpload(path) || !IngestedBlob.IsModel(path))
            throw new InvalidRequestException($"job.inputs.blob must be a path that begins with {BlobDatasets.Uploads}/ and ends with .onnx or .zip.");
    }

    private static bool IsUpload(string path) => DatasetSource.IsUpload(path) && JobFilePath.IsValid(path) && !DatasetSource.EndsWithETag(path);
}
