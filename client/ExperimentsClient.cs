using Larder.Client.Http;
using Larder.Contracts;

namespace Larder.Client;

/// <summary>Experiments and their runs, read by MLflow's API, and compared by Larder's. What logs runs is MLflow's own client.</summary>
public sealed class ExperimentsClient
{
    private const string MLflow = "api/2.0/mlflow";
    private const string Root = "api/v1/experiments";
    private const int PageSize = 1000;

    private readonly ApiConnection _api;

    internal ExperimentsClient(ApiConnection api) => _api = api;

    /// <summary>Lists experiments that are not deleted, reading further pages as they are needed.</summary>
    /// <param name="filter">A filter in MLflow's grammar, such as <c>name LIKE 'iris%'</c>; null for all.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<MLflowExperiment> ListAsync(string? filter = null, CancellationToken cancellationToken = default) => Pages.AllAsync(
        (cursor, stop) => _api.SendAsync(
            Search("experiments/search", ApiConnection.Json(new SearchExperimentsRequest { Filter = filter, MaxResults = PageSize, PageToken = cursor }, LarderJson.Default.SearchExperimentsRequest)),
            LarderJson.Default.ExperimentsAnswer,
            stop),
        page => page.Experiments,
        page => page.NextPageToken,
        cancellationToken);

    /// <summary>An experiment by its name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task<MLflowExperiment> GetByNameAsync(string name, CancellationToken cancellationToken = default) =>
        (await _api.GetAsync(ApiPath.Of($"{MLflow}/experiments/get-by-name").With("experiment_name", name), LarderJson.Default.ExperimentAnswer, cancellationToken)).Experiment;

    /// <summary>Searches runs, reading further pages as they are needed.</summary>
    /// <param name="experiments">The ids of the experiments.</param>
    /// <param name="filter">A filter in MLflow's grammar, such as <c>metrics.accuracy &gt; 0.9</c>; null for all.</param>
    /// <param name="orderBy">The order, such as <c>metrics.accuracy DESC</c>; null for the newest first.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public IAsyncEnumerable<MLflowRun> SearchRunsAsync(IReadOnlyList<string> experiments, string? filter = null, IReadOnlyList<string>? orderBy = null, CancellationToken cancellationToken = default) => Pages.AllAsync(
        (cursor, stop) => _api.SendAsync(
            Search("runs/search", ApiConnection.Json(new SearchRunsRequest { ExperimentIds = experiments, Filter = filter, OrderBy = orderBy, MaxResults = PageSize, PageToken = cursor }, LarderJson.Default.SearchRunsRequest)),
            LarderJson.Default.RunsAnswer,
            stop),
        page => page.Runs,
        page => page.NextPageToken,
        cancellationToken);

    /// <summary>A run.</summary>
    /// <param name="run">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public async Task<MLflowRun> GetRunAsync(string run, CancellationToken cancellationToken = default) =>
        (await _api.GetAsync(ApiPath.Of($"{MLflow}/runs/get").With("run_id", run), LarderJson.Default.RunAnswer, cancellationToken)).Run;

    /// <summary>Runs of an experiment side by side: params and last metrics.</summary>
    /// <param name="experiment">The experiment's id.</param>
    /// <param name="runs">The runs' ids; null for the newest ten.</param>
    /// <param name="differencesOnly">Whether what is the same in all runs is left out.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public Task<CompareAnswer> CompareAsync(string experiment, IReadOnlyList<string>? runs = null, bool differencesOnly = false, CancellationToken cancellationToken = default) =>
        _api.GetAsync(
            ApiPath.Of(Root, experiment, "compare").With("runs", runs is null ? null : string.Join(',', runs)).With("differences", differencesOnly),
            LarderJson.Default.CompareAnswer,
            cancellationToken);

    /// <summary>Finds the best finished run of an experiment, and moves an alias to the version that it made.</summary>
    /// <param name="experiment">The experiment's id.</param>
    /// <param name="champion">Metric, direction and alias.</param>
    /// <param name="force">Whether the alias moves also when the version does not give the outputs of its samples.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="LarderException">The server refused the request, or cannot be reached.</exception>
    public Task<ChampionAnswer> PromoteChampionAsync(string experiment, ChampionRequest champion, bool force = false, CancellationToken cancellationToken = default) =>
        _api.SendAsync(
            new ApiRequest(HttpMethod.Post, ApiPath.Of(Root, experiment, "champion").With("force", force)) { Content = ApiConnection.Json(champion, LarderJson.Default.ChampionRequest) },
            LarderJson.Default.ChampionAnswer,
            cancellationToken);

    private static ApiRequest Search(string path, HttpContent body) => new(HttpMethod.Post, ApiPath.Of($"{MLflow}/{path}")) { Content = body, OnlyReads = true };
}
