using System.Text.RegularExpressions;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Ingestion;
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

/// <summary>Where a data set is to be fetched from, as a job's <c>source</c> has it.</summary>
/// <param name="Container">The container; null for a URL.</param>
/// <param name="Path">The path in it, or the URL.</param>
/// <param name="ETag">What the file must be; null for whatever it is.</param>
internal sealed partial record DatasetSource(string? Container, string Path, string? ETag)
{
    /// <summary>
    /// The name of the secret that is a URL with its query, among a job's secret values: no environment variable can have it, and no script gets it.
    /// </summary>
    public const string UrlSecret = "dataset:url";

    /// <summary>Whether a text is a URL.</summary>
    public static bool IsUrl(string source) => source.Contains("://", StringComparison.Ordinal);

    /// <summary>Whether a text is a path in the container <c>uploads</c>.</summary>
    public static bool IsUpload(string source) => source.StartsWith($"{BlobDatasets.Uploads}/", StringComparison.Ordinal);

    /// <summary>Whether a text ends as if it were pinned: such a path cannot be one that is not.</summary>
    public static bool EndsWithETag(string source) => Pin().IsMatch(source);

    /// <summary>A source of a container.</summary>
    public static string Of(string container, string path, string etag) => $"{container}/{path}@{etag}";

    /// <summary>Reads one.</summary>
    public static DatasetSource Parse(string source)
    {
        if (IsUrl(source))
            return new DatasetSource(null, source, null);
        var slash = source.IndexOf('/');
        return Pin().Match(source) is { Success: true } pin
            ? new DatasetSource(source[..slash], source[(slash + 1)..pin.Index], pin.Groups[1].Value)
            : new DatasetSource(source[..slash], source[(slash + 1)..], null);
    }

    // As storage makes ETags.
    [GeneratedRegex(@"@(0x[0-9A-Fa-f]{1,32})\z")]
    private static partial Regex Pin();
}
