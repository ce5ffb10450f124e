using System.Runtime.CompilerServices;
using System.Text.Json;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;

namespace Larder.Search.Sources;

/// <summary>Jobs.</summary>
internal sealed class JobSource(JobStore jobs, IEnumerable<IJobType> types) : ISearchSource
{
    private readonly HashSet<string> _using = [.. types.Where(type => type.KeepsVersion).Select(type => type.Name)];

    private const string Prefix = "job/";

    public static string UseOfBytes(string sha256) => $"sha256/{sha256}";

    public string? GroupOf(string collection, string partition, string id) => collection == "jobs" ? Prefix + partition : null;

    public async IAsyncEnumerable<(string Group, IReadOnlyList<SearchItem> Items)> ScanAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var job in jobs.ScanAsync(cancellationToken))
            yield return (Prefix + job.Id, [Of(job)]);
    }

    public async Task<IReadOnlyList<SearchItem>> ReadAsync(string group, CancellationToken cancellationToken)
    {
        try
        {
            return [Of(await jobs.GetAsync(group[Prefix.Length..], cancellationToken))];
        }
        catch (NotFoundException)
        {
            return [];
        }
    }

    private SearchItem Of(Job job) => new()
    {
        Kind = "job",
        Id = job.Id,
        Title = $"{job.Type} {job.Model}",
        Link = $"/api/v1/jobs/{job.Id}",
        Page = $"/ui/jobs/{job.Id}",
        Model = job.Model,
        JobType = job.Type,
        Owner = job.Owner,
        State = JsonSerializer.SerializeToElement(job.State).GetString(),
        Description = job.Reason ?? "",
        Words = [job.Id, job.Source ?? "", .. job.Inputs.Select(input => input.FileName)],
        Metrics = job.Metrics,
        Created = job.Created,
        Updated = job.Finished ?? job.Started ?? job.Created,
        Uses =
        [
            .. job.Version is { } version && _using.Contains(job.Type) ? [ModelSource.UseOf(job.Model), ModelSource.UseOf(job.Model, version)] : Array.Empty<string>(),
            .. job.Inputs.Where(input => input.Name == FoundDataset.InputName).Select(input => UseOfBytes(input.Sha256)),
        ],
    };
}
