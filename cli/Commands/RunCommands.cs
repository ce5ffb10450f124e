using System.CommandLine;
using System.Net;
using Larder.Cli.Output;
using Larder.Cli.Running;
using Larder.Client;

namespace Larder.Cli.Commands;

/// <summary><c>larder runs</c>.</summary>
internal static class RunCommands
{
    private static readonly Option<string?> Experiment = new("--experiment", "-e") { Description = "The experiment, by name or id. Default: all." };

    public static Command Create() => new("runs", "Runs of experiments: params and metrics.") { List(), Search(), Show(), Compare(), Experiments() };

    private static Command List()
    {
        var limit = Lists.LimitOption();
        return new Command("list", "List runs, the newest first.") { Experiment, limit }.Runs(run => PrintAsync(run, null, null, run.Value(limit)));
    }

    private static Command Search()
    {
        var filter = new Argument<string>("filter") { Description = "A filter in MLflow's grammar, as \"metrics.accuracy > 0.9 AND params.depth = '3'\"." };
        var orderBy = new Option<string[]>("--order-by") { Description = "Such as \"metrics.accuracy DESC\"; repeat it for several." };
        var limit = Lists.LimitOption();
        return new Command("search", "Search runs.") { filter, Experiment, orderBy, limit }.Runs(run => PrintAsync(run, run.Value(filter), run.Value(orderBy), run.Value(limit)));
    }

    private static Command Show()
    {
        var id = new Argument<string>("run") { Description = "The run's id." };
        return new Command("show", "Show a run.") { id }.Runs(async run =>
        {
            var found = await run.Client.Experiments.GetRunAsync(run.Value(id), run.Stop);
            run.Terminal.Show(
                found,
                [
                    ("id", found.Info.RunId),
                    ("name", found.Info.RunName),
                    ("experiment", found.Info.ExperimentId),
                    ("status", found.Info.Status),
                    ("user", found.Info.UserId),
                    ("started", Plain.Time(found.Info.StartTime)),
                    ("ended", Plain.Time(found.Info.EndTime)),
                    .. (found.Data.Params ?? []).Select(param => ($"params.{param.Key}", param.Value)),
                    .. (found.Data.Metrics ?? []).Select(metric => ($"metrics.{metric.Key}", Plain.Number(metric.Value))),
                    .. (found.Data.Tags ?? []).Select(tag => ($"tags.{tag.Key}", tag.Value)),
                ]);
        });
    }

    private static Command Compare()
    {
        var ids = new Argument<string[]>("runs") { Description = "The runs' ids, of one experiment.", Arity = ArgumentArity.OneOrMore };
        var differences = new Option<bool>("--differences") { Description = "Leave out what is the same in all runs." };
        return new Command("compare", "Show runs side by side.") { ids, differences }.Runs(async run =>
        {
            var experiment = (await run.Client.Experiments.GetRunAsync(run.Value(ids)[0], run.Stop)).Info.ExperimentId;
            var answer = await run.Client.Experiments.CompareAsync(experiment, run.Value(ids), run.Value(differences), run.Stop);
            if (run.Terminal.Format == OutputFormat.Json)
            {
                Terminal.Write(answer);
                return;
            }
            List<(string Name, IReadOnlyList<string?> Values)> rows =
            [
                ("name", [.. answer.Runs.Select(one => one.Name)]),
                ("status", [.. answer.Runs.Select(one => one.Status)]),
                ("started", [.. answer.Runs.Select(one => Plain.Time(one.Started))]),
                ("datasets", [.. answer.Runs.Select(one => one.Datasets.Count == 0 ? null : string.Join(", ", one.Datasets.Select(dataset => dataset.Name)))]),
                .. answer.Params.Select(param => ($"params.{param.Name}", param.Values)),
                .. answer.Metrics.Select(metric => ($"metrics.{metric.Name}", (IReadOnlyList<string?>)[.. metric.Values.Select(Plain.Number)])),
            ];
            run.Terminal.List(
                rows,
                [
                    new("", row => row.Name),
                    .. answer.Runs.Select((one, n) => new Column<(string Name, IReadOnlyList<string?> Values)>(one.RunId, row => row.Values[n]) { Heading = one.RunId }),
                ]);
        });
    }

    private static Command Experiments() => new Command("experiments", "List experiments.").Runs(async run => run.Terminal.List(
        await run.TakeAsync(run.Client.Experiments.ListAsync(cancellationToken: run.Stop), 0),
        new("id", experiment => experiment.ExperimentId),
        new("name", experiment => experiment.Name),
        new("updated", experiment => Plain.Time(experiment.LastUpdateTime))));

    private static async Task PrintAsync(CommandRun run, string? filter, string[]? orderBy, int limit)
    {
        var experiments = await ExperimentsAsync(run);
        var runs = experiments.Count == 0
            ? []
            : await run.TakeAsync(run.Client.Experiments.SearchRunsAsync([.. experiments.Keys], filter, orderBy is { Length: > 0 } ? orderBy : null, run.Stop), limit);
        run.Terminal.List(
            runs,
            new("id", one => one.Info.RunId),
            new("name", one => one.Info.RunName),
            new("experiment", one => experiments[one.Info.ExperimentId]),
            new("status", one => one.Info.Status),
            new("started", one => Plain.Time(one.Info.StartTime)),
            new("metrics", one => one.Data.Metrics is { Count: > 0 } metrics ? Plain.Pairs(metrics.Select(metric => KeyValuePair.Create(metric.Key, metric.Value))) : null));
    }

    // Names by id.
    private static async Task<Dictionary<string, string>> ExperimentsAsync(CommandRun run)
    {
        if (run.Value(Experiment) is not { } wanted)
            return await run.Client.Experiments.ListAsync(cancellationToken: run.Stop).ToDictionaryAsync(experiment => experiment.ExperimentId, experiment => experiment.Name, cancellationToken: run.Stop);
        try
        {
            var found = await run.Client.Experiments.GetByNameAsync(wanted, run.Stop);
            return new() { [found.ExperimentId] = found.Name };
        }
        catch (LarderException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return new() { [wanted] = wanted };
        }
    }
}
