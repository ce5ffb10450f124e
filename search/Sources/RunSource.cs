using System.Runtime.CompilerServices;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Tracking;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;

namespace Larder.Search.Sources;

/// <summary>Runs that are not deleted, of experiments that are not.</summary>
internal sealed class RunSource(ExperimentStore experiments, RunStore runs) : ISearchSource
{
    private const string Prefix = "run/";
    private const int PageSize = 1000;

    public string? GroupOf(string collection, string partition, string id) => collection == "runs" ? Prefix + id : null;

    public async IAsyncEnumerable<(string Group, IReadOnlyList<SearchItem> Items)> ScanAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var experiment in Listing.AllAsync(cursor => experiments.SearchAsync(filter: null, [], LifecycleView.Active, PageSize, cursor, cancellationToken)))
        {
            await foreach (var run in Listing.AllAsync(cursor => runs.SearchAsync(new RunSearch([experiment.Id], null, [], LifecycleView.Active, PageSize, cursor), cancellationToken)))
                yield return (Prefix + run.Id, [Of(run, experiment.Name)]);
        }
    }

    public async Task<IReadOnlyList<SearchItem>> ReadAsync(string group, CancellationToken cancellationToken)
    {
        try
        {
            var run = await runs.GetAsync(group[Prefix.Length..], cancellationToken);
            return run.IsActive && await experiments.GetAsync(run.ExperimentId, cancellationToken) is { IsActive: true } experiment ? [Of(run, experiment.Name)] : [];
        }
        catch (NotFoundException)
        {
            return [];
        }
    }

    private static SearchItem Of(Run run, string experiment) => new()
    {
        Kind = "run",
        Id = run.Id,
        Title = run.Name,
        Link = $"/api/2.0/mlflow/runs/get?run_id={run.Id}",
        Page = $"/ui/runs/{run.Id}",
        Owner = run.UserId is { Length: > 0 } user ? user : null,
        Experiment = experiment,
        State = RunStore.NameOf(run.Status),
        Words = [run.Id, experiment, .. run.Params.Take(100).Select(param => $"{param.Key} {param.Value}"), .. run.Datasets.Select(dataset => dataset.Name)],
        Tags = run.Tags.Where(tag => !tag.Key.StartsWith("mlflow.", StringComparison.Ordinal)).ToDictionary(),
        Params = run.Params,
        Metrics = run.Metrics.ToDictionary(metric => metric.Key, metric => metric.Value.Value),
        Created = DateTimeOffset.FromUnixTimeMilliseconds(run.StartTime),
        Updated = DateTimeOffset.FromUnixTimeMilliseconds(run.EndTime ?? run.StartTime),
    };
}
