using System.ComponentModel;
using Larder.Dashboard.Pages;
using Larder.Dashboard.Parts;
using Larder.Functions.Access;
using Larder.Functions.Experiments;
using Larder.Functions.Http;
using Larder.Functions.Lineage;
using Larder.Functions.MLflow;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Tracking;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Dashboard;

/// <summary>The pages of experiments and runs.</summary>
internal sealed class ExperimentPages(Pages pages, ExperimentStore experiments, RunStore runs, LiveMetrics live, CompareRuns comparisons, RunFiles files, GetLineage lineage)
{
    private const int PageSize = 50;
    private const int MostCurves = 12;

    // A screen has some thousand columns.
    private const int MostSteps = 2000;

    /// <summary>The list, changed last first.</summary>
    [Function("UiExperiments"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("The page of experiments.")]
    [Query("cursor"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/experiments")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var page = await experiments.SearchAsync(filter: null, ["last_update_time DESC"], LifecycleView.Active, PageSize, QueryParameters.Text(request, "cursor"), cancellationToken);
        return await pages.ShowAsync<ExperimentsPage>(request, new()
        {
            [nameof(ExperimentsPage.Experiments)] = page.Items.Select(MLflowAnswers.Of).ToList(),
            [nameof(ExperimentsPage.Cursor)] = page.Cursor,
        });
    }

    /// <summary>The runs of an experiment.</summary>
    [Function("UiExperiment"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("The page of an experiment, with its runs.")]
    [Query("filter", "order", "columns", "cursor"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/experiments/{experiment}")] HttpRequest request,
        string experiment,
        CancellationToken cancellationToken)
    {
        var found = await experiments.GetAsync(experiment, cancellationToken);
        var (filter, order) = (QueryParameters.Text(request, "filter") ?? "", QueryParameters.Text(request, "order") ?? "");
        var (page, problem, columns) = (new Page<Run>([], null), (string?)null, (IReadOnlyList<string>)[]);
        try
        {
            columns = ColumnsOf(QueryParameters.Text(request, "columns"));
            await live.CatchUpAsync(await runs.OfRunningJobsAsync([found.Id], cancellationToken), cancellationToken);
            page = await runs.SearchAsync(
                new RunSearch([found.Id], filter.Length > 0 ? filter : null, order.Length > 0 ? [order] : [], LifecycleView.Active, PageSize, QueryParameters.Text(request, "cursor")), cancellationToken);
        }
        catch (InvalidRequestException exception)
        {
            problem = exception.Message;
        }
        return await pages.ShowAsync<ExperimentPage>(
            request,
            new()
            {
                [nameof(ExperimentPage.Experiment)] = MLflowAnswers.Of(found),
                [nameof(ExperimentPage.Runs)] = page.Items.Select(MLflowAnswers.Of).ToList(),
                [nameof(ExperimentPage.Cursor)] = page.Cursor,
                [nameof(ExperimentPage.Filter)] = filter,
                [nameof(ExperimentPage.Order)] = order,
                [nameof(ExperimentPage.Chosen)] = columns,
                [nameof(ExperimentPage.Problem)] = problem,
            },
            problem is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>Runs side by side.</summary>
    [Function("UiCompareRuns"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("The page that compares runs.")]
    [Query("run", "differences"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> Compare(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/experiments/{experiment}/compare")] HttpRequest request,
        string experiment,
        CancellationToken cancellationToken)
    {
        var named = QueryParameters.Texts(request, "run");
        if (named.Count < 2)
            throw new InvalidRequestException("Choose two runs or more on the page of the experiment.");
        var differences = request.Flag("differences");
        var found = await experiments.GetAsync(experiment, cancellationToken);
        var answer = await comparisons.CompareAsync(found.Id, named, filter: null, [], differences, cancellationToken);
        return await pages.ShowAsync<ComparePage>(request, new()
        {
            [nameof(ComparePage.Experiment)] = MLflowAnswers.Of(found),
            [nameof(ComparePage.Answer)] = answer,
            [nameof(ComparePage.OnlyDifferences)] = differences,
            [nameof(ComparePage.Curves)] = await CurvesAsync(answer.Runs.ToDictionary(run => run.RunId, run => run.Name), answer.Metrics.Select(metric => metric.Name), cancellationToken),
        });
    }

    /// <summary>A run.</summary>
    [Function("UiRun"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("The page of a run.")]
    [Query("folder"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> GetRun(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/runs/{run}")] HttpRequest request,
        string run,
        CancellationToken cancellationToken)
    {
        var found = await runs.GetAsync(run, cancellationToken);
        if (await live.CatchUpAsync([found], cancellationToken))
            found = await runs.GetAsync(run, cancellationToken);
        var folder = QueryParameters.Text(request, "folder") ?? "";
        var (artifacts, _) = await files.ListAsync(found.Id, ArtifactPath.Parse(ArtifactLocation.FolderOf(folder)), token: null, cancellationToken);
        return await pages.ShowAsync<RunPage>(request, new()
        {
            [nameof(RunPage.Run)] = MLflowAnswers.Of(found),
            [nameof(RunPage.Experiment)] = (await experiments.GetAsync(found.ExperimentId, cancellationToken)).Name,
            [nameof(RunPage.Job)] = found.Job,
            [nameof(RunPage.Lineage)] = await lineage.PartAsync(request, "run", found.Id, cancellationToken),
            [nameof(RunPage.Curves)] = await CurvesAsync(new() { [found.Id] = found.Name }, found.Metrics.Keys.Order(StringComparer.Ordinal), cancellationToken),
            [nameof(RunPage.Files)] = artifacts,
            [nameof(RunPage.Folder)] = folder,
        });
    }

    private async Task<IReadOnlyList<Curve>> CurvesAsync(Dictionary<string, string> names, IEnumerable<string> metrics, CancellationToken cancellationToken)
    {
        var curves = new List<Curve>();
        foreach (var metric in metrics.Take(MostCurves))
        {
            var points = await runs.SampleAsync([.. names.Keys], metric, (long.MinValue, long.MaxValue), MostSteps, cancellationToken);
            curves.Add(new Curve(metric, [.. points.GroupBy(point => point.RunId, point => point.Point).Select(run => new CurveLine(names[run.Key], [.. run.Select(point => new CurvePoint(point.Step, point.Timestamp, point.Value))]))]));
        }
        return curves;
    }

    private static string[] ColumnsOf(string? text)
    {
        var columns = text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        return Array.Find(columns, column => column.Split('.', 2) is not ["metrics" or "params" or "tags", { Length: > 0 }]) is { } wrong
            ? throw new InvalidRequestException($"Columns are metrics.NAME, params.NAME or tags.NAME; {RequestText.Shown(wrong)} is none of these.")
            : columns;
    }
}
