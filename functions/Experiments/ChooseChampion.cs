using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Tracking;
using Larder.Tracking.Comparison;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Experiments;

/// <summary>The best run of an experiment by a rule, and an alias that follows it.</summary>
public sealed class ChooseChampion(ExperimentStore experiments, RunStore runs, ModelSearch models, ModelRegistry registry)
{
    private const int MaxRanking = 100;

    private static readonly JsonBody<ChampionRequest> Body = new("{metric:string, direction:\"max\" or \"min\", dataset:string, filter:string, alias:string}, dataset and filter optional");

    /// <summary>The best run, and why.</summary>
    [Function("GetChampion"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("The best run; ?metric=&direction=max&dataset=&filter=.")]
    [Query("metric", "direction", "dataset", "filter"), Answers(typeof(ChampionAnswer))]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/experiments/{experiment}/champion")] HttpRequest request,
        string experiment,
        CancellationToken cancellationToken)
    {
        if (QueryParameters.Texts(request, "metric") is not [var metric])
            throw new InvalidRequestException("metric must name the one metric that decides.");
        var rule = new ChampionRule(metric, IsMost(QueryParameters.Text(request, "direction")), QueryParameters.Text(request, "dataset"));
        return Envelope.Ok("Champion provided", AnswerOf(await DecideAsync(experiment, rule, QueryParameters.Text(request, "filter"), cancellationToken), alias: null));
    }

    /// <summary>Moves an alias to the version that the best run made; 422 if the version does not give the outputs of its samples, unless <c>?force=true</c>.</summary>
    [Function("PromoteChampion"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("Move an alias to the best run's version: {\"metric\", \"direction\", \"alias\"}.")]
    [Query("force"), Takes(nameof(Body)), Answers(typeof(ChampionAnswer))]
    public async Task<IActionResult> Promote(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/experiments/{experiment}/champion")] HttpRequest request,
        string experiment,
        CancellationToken cancellationToken)
    {
        var force = request.Flag("force");
        var body = await Body.ReadAsync(request, cancellationToken);
        ModelName.ValidateAlias(body.Alias);
        var decided = await DecideAsync(experiment, new ChampionRule(body.Metric, IsMost(body.Direction), body.Dataset), body.Filter, cancellationToken);
        var best = decided.Ranked[0].Run;
        var made = await models.VersionsAsync(new RegistrySearch($"run_id = '{best.Id}'", ["version_number DESC"], 1, Token: null), _ => true, cancellationToken);
        if (made.Items is not [var version])
            throw new ConflictException($"{decided.Reason} No version was made by that run, so no alias can point at it: register its model first.");
        var change = await registry.SetAliasAsync(
            ModelName.Parse(version.Model.Name), body.Alias, version.Version.Version, ifMatch: null, force: force, actor: request.Caller().Name, cancellationToken: cancellationToken);
        var alias = new ChampionAlias { Model = version.Model.Name, Alias = change.Alias, Previous = change.Previous, Current = version.Version.Version };
        return Envelope.Ok($"{alias.Model}:{alias.Alias} is version {alias.Current}", AnswerOf(decided, alias));
    }

    private async Task<Championship> DecideAsync(string experiment, ChampionRule rule, string? filter, CancellationToken cancellationToken)
    {
        var found = await experiments.GetAsync(experiment, cancellationToken);
        var page = await runs.SearchAsync(new RunSearch([found.Id], filter, [], LifecycleView.Active, TrackingRules.PageItems, Token: null), cancellationToken);
        return rule.Decide(page.Items);
    }

    private static bool IsMost(string? direction) => direction switch
    {
        "max" => true,
        "min" => false,
        _ => throw new InvalidRequestException("direction must be max, when more is better, or min."),
    };

    private static ChampionAnswer AnswerOf(Championship decided, ChampionAlias? alias) => new()
    {
        Champion = ExperimentAnswers.Of(decided.Ranked[0]),
        Reason = decided.Reason,
        Ranking = [.. decided.Ranked.Take(MaxRanking).Select(ExperimentAnswers.Of)],
        LeftOut = decided.LeftOut.Count,
        Alias = alias,
    };
}
