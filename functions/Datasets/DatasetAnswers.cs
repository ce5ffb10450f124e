using Larder.Contracts;
using Larder.Registry.Datasets;

namespace Larder.Functions.Datasets;

/// <summary>Maps uploaded data sets to what answers show.</summary>
internal static class DatasetAnswers
{
    /// <summary>A data set.</summary>
    public static DatasetDetails Of(Dataset dataset) => new()
    {
        Dataset = Dataset.AddressOf(dataset.Model, dataset.FileName),
        Model = dataset.Model,
        FileName = dataset.FileName,
        SizeBytes = dataset.SizeBytes,
        Sha256 = dataset.Sha256,
        Created = dataset.Created,
        Owner = dataset.Owner,
        Job = dataset.Job,
    };
}
