using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Larder.Tracking;
using Larder.Tracking.Comparison;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Experiments;

/// <summary>Runs of an experiment, side by side.</summary>
public sealed class CompareRuns(ExperimentStore experiments, RunStore runs, LiveMetrics live)
{
    private const int MaxRuns = 100;
    private const int Newest = 10;

    /// <summary>Params and metrics of the runs that are named, or of the newest ones.</summary>
    [Function("CompareRuns"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("Runs side by side; ?runs=a,b&metric=&filter=&differences=true.")]
    [Query("runs", "metric", "filter", "differences"), Answers(typeof(CompareAnswer))]
    public async Task<IActionResult> Compare(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/experiments/{experiment}/compare")] HttpRequest request,
        string experiment,
        CancellationToken cancellationToken)
    {
        var (named, filter) = (QueryParameters.Text(request, "runs"), QueryParameters.Text(request, "filter"));
        var metrics = QueryParameters.Texts(request, "metric");
        return Envelope.Ok("Comparison provided", await CompareAsync(experiment, named?.Split(',', StringSplitOptions.TrimEntries), filter, metrics, request.Flag("differences"), cancellationToken));
    }

    /// <summary>Compares runs of an experiment.</summary>
    /// <param name="experiment">The experiment's id.</param>
    /// <param name="named">The runs' ids; null for those that fit the filter.</param>
    /// <param name="filter">Which runs; null for the newest.</param>
    /// <param name="metrics">The metrics; empty for all.</param>
    /// <param name="differences">Whether what is the same in all runs is left out.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal async Task<CompareAnswer> CompareAsync(
        string experiment, IReadOnlyList<string>? named, string? filter, IReadOnlyCollection<string> metrics, bool differences, CancellationToken cancellationToken)
    {
        if (named is not null && filter is not null)
            throw new InvalidRequestException("Give runs or filter, not both.");
        var found = await experiments.GetAsync(experiment, cancellationToken);
        await live.CatchUpAsync(await runs.OfRunningJobsAsync([found.Id], cancellationToken), cancellationToken);
        var compared = named is null
            ? (await runs.SearchAsync(new RunSearch([found.Id], filter, [], LifecycleView.Active, filter is null ? Newest : MaxRuns, Token: null), cancellationToken)).Items
            : await NamedAsync(found.Id, named, cancellationToken);
        var comparison = RunComparison.Of(compared, metrics, differences);
        return new CompareAnswer
        {
            Runs = [.. comparison.Runs.Select(ExperimentAnswers.Of)],
            Params = [.. comparison.Params.Select(row => new ComparedParam { Name = row.Name, Values = row.Values, Differs = row.Differs })],
            Metrics =
            [
                .. comparison.Metrics.Select(row => new ComparedMetric
                {
                    Name = row.Name, Values = [.. row.Values.Select(point => point?.Value)], Steps = [.. row.Values.Select(point => point?.Step)], Differs = row.Differs,
                }),
            ],
        };
    }

    private async Task<IReadOnlyList<Run>> NamedAsync(string experiment, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count > MaxRuns)
            throw new InvalidRequestException($"At most {MaxRuns} runs can be compared; {ids.Count} are named.");
        if (ids.Distinct().Count() < ids.Count)
            throw new InvalidRequestException("runs names a run twice.");
        var found = await Task.WhenAll(ids.Select(id => runs.GetAsync(id, cancellationToken)));
        return found.FirstOrDefault(run => run.ExperimentId != experiment) is { } other
            ? throw new InvalidRequestException($"The run {Quoted.Text(other.Id)} is in the experiment {other.ExperimentId}: compare runs of one experiment.")
            : found;
    }
}
