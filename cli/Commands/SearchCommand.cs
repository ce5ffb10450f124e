using System.CommandLine;
using System.Globalization;
using Larder.Cli.Output;
using Larder.Cli.Running;
using Larder.Client;
using Larder.Contracts;

namespace Larder.Cli.Commands;

/// <summary><c>larder search</c>.</summary>
internal static class SearchCommand
{
    public static Command Create()
    {
        var words = new Argument<string[]>("words") { Description = "Words, each of which must occur, or begin a word, or be one but for a typo. Without them, everything fits.", Arity = ArgumentArity.ZeroOrMore };
        var kind = new Option<string[]>("--kind") { Description = "model, version, dataset, run or job; repeat it for several." };
        var filter = new Option<string?>("--filter") { Description = "A filter in MLflow's grammar, as \"state = 'FAILED' AND tags.team = 'botany'\"." };
        var order = new Option<string?>("--order") { Description = "What comes first, such as \"updated DESC\". Default: the highest score." };
        var metric = new Option<string?>("--metric") { Description = "The metric that counts in the score." };
        var direction = new Option<string?>("--direction") { Description = "Whether more of the metric is better (max), or less (min). Default: max." }.AcceptOnlyFromAmong("max", "min");
        var limit = Lists.LimitOption();
        return new Command("search", "Find models, versions, data sets, runs and jobs.") { words, kind, filter, order, metric, direction, limit }.Runs(async run =>
        {
            var search = new SearchFilter { Kinds = run.Value(kind), Filter = run.Value(filter), Order = run.Value(order), Metric = run.Value(metric), Direction = run.Value(direction) };
            var text = run.Value(words) is { Length: > 0 } typed ? string.Join(' ', typed) : null;
            run.Terminal.List(
                await run.TakeAsync(run.Client.Search.SearchAsync(text, search, run.Stop), run.Value(limit)),
                [
                    new("kind", hit => hit.Kind),
                    new("id", hit => hit.Id),
                    new("title", hit => hit.Title),
                    new("state", hit => hit.State),
                    .. search.Metric is { } name
                        ? [new(name, hit => hit.Metrics.TryGetValue(name, out var value) ? Plain.Number(value) : null) { Heading = name }]
                        : Array.Empty<Column<SearchHit>>(),
                    new("updated", hit => Plain.Time(hit.Updated)),
                    new("score", hit => hit.Score.Total.ToString("0.00", CultureInfo.InvariantCulture)),
                ]);
        });
    }
}
