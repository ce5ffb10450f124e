using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Datasets;

/// <summary>A data set that a request names, as it was when the request was accepted.</summary>
/// <param name="Address">How it was named; a URL without its query.</param>
/// <param name="FileName">What the file is called.</param>
/// <param name="Input">The artifact that it is, if it is one already.</param>
/// <param name="Source">Else where it is fetched from (<see cref="Job.Source"/>).</param>
/// <param name="Url">The whole URL, if it is one.</param>
/// <param name="SizeBytes">How many bytes it has, where that can be told.</param>
public sealed record FoundDataset(string Address, string FileName, JobInput? Input, string? Source, string? Url = null, long? SizeBytes = null)
{
    /// <summary>What a data set is called among a job's inputs.</summary>
    public const string InputName = "dataset";

    /// <summary>A request for a job that is given this data set, in the place of any other.</summary>
    public JobRequest GivenTo(JobRequest request)
    {
        var others = request.Inputs.Where(input => input.Name != InputName);
        var secrets = request.Secrets.Where(secret => secret.Key != DatasetSource.UrlSecret).ToDictionary();
        if (Url is not null)
            secrets[DatasetSource.UrlSecret] = Url;
        return request with { Inputs = Input is null ? [.. others] : [.. others, Input], Source = Source, Secrets = secrets, Dataset = Address };
    }
}
