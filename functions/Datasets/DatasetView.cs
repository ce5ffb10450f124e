using Larder.Registry.Datasets;

namespace Larder.Functions.Datasets;

/// <summary>An uploaded data set as the API shows it.</summary>
/// <param name="Dataset">Its address: what jobs name.</param>
/// <param name="Model">The model that it was uploaded for.</param>
/// <param name="FileName">Its name.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="Created">When it was taken in.</param>
/// <param name="Owner">Who uploaded it.</param>
/// <param name="Job">The job that took it in.</param>
internal sealed record DatasetView(
    string Dataset, string Model, string FileName, long SizeBytes, string Sha256, DateTimeOffset Created, string? Owner, string Job)
{
    /// <summary>The view of a data set.</summary>
    public static DatasetView Of(Dataset dataset) => new(
        Registry.Datasets.Dataset.AddressOf(dataset.Model, dataset.FileName),
        dataset.Model,
        dataset.FileName,
        dataset.SizeBytes,
        dataset.Sha256,
        dataset.Created,
        dataset.Owner,
        dataset.Job);
}
