using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Cli.Running;
using Larder.Cli.Transfers;
using Larder.Client;

namespace Larder.Cli.Commands;

/// <summary><c>larder score</c>.</summary>
internal static class ScoreCommand
{
    public static Command Create()
    {
        var reference = Parsing.Reference();
        var data = new Argument<string>("data") { Description = "The data set: a CSV or JSON Lines file, or its address on the server (datasets/MODEL/FILE, uploads/PATH, a URL)." };
        var keep = new Option<string[]>("--keep") { Description = "A column that is copied to the result; repeat it for several." };
        var options = new Option<string?>("--options") { Description = "Options of the scoring: JSON, @FILE with JSON, or - for standard input. docs/scoring.md lists them.", HelpName = "JSON" };
        var to = new Option<string?>("--to") { Description = "The file to write the result to; - for standard output.", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "Replace the file." };
        var detach = new Option<bool>("--detach", "-d") { Description = "Start it, print the job's id, and do not wait for it." };
        return new Command("score", "Score a whole data set: a row of the result for each row.") { reference, data, keep, options, to, force, detach }.Runs(async run =>
        {
            if (run.Value(detach) && run.Value(to) is not null)
                throw new UsageException("--to waits for the result; it does not go with --detach.");
            if (run.Value(to) is { } target && target != "-" && File.Exists(target) && !run.Value(force))
                throw new UsageException($"{target} exists: --force replaces it.");
            var path = run.Value(data);
            await using var file = DataArgument.IsAddress(path) ? null : LocalFile.Open(path);
            var scoring = new ScoringSubmission
            {
                Dataset = file is null ? null : new FilePart(Path.GetFileName(path), file),
                DatasetAddress = file is null ? path : null,
                Options = await OptionsAsync(run, run.Value(options), run.Value(keep)),
            };
            var job = await ByteProgress.RunAsync(run.Terminal, Path.GetFileName(path), file?.Length ?? 1, progress => run.Client.Scorings.StartAsync(run.Value(reference), scoring, progress, run.Stop));
            if (run.Value(detach))
            {
                run.Terminal.Done($"The scoring with {job.Model}:{job.Version} is job {job.Id}. 'larder jobs outputs {job.Id}' lists its result.", job, job.Id);
                return ExitCodes.Ok;
            }
            run.Terminal.Note($"The scoring with {job.Model}:{job.Version} is job {job.Id}.");
            var ended = await JobWatch.WaitAsync(run, job.Id);
            if (ended.State != JobStates.Succeeded || run.Value(to) is not { } result)
                return JobWatch.Ended(run, ended);
            foreach (var output in ended.Outputs ?? [])
            {
                if (Path.GetFileNameWithoutExtension(output.Path) == "scored")
                    await JobCommands.DownloadAsync(run, ended.Id, output, result, run.Value(force));
            }
            return ExitCodes.Ok;
        });
    }

    private static async Task<JsonElement?> OptionsAsync(CommandRun run, string? text, string[]? keep)
    {
        if (text is null && keep is not { Length: > 0 })
            return null;
        var options = text is null ? [] : JsonObject.Create(await LocalFile.JsonAsync(text, "--options", run.Stop)) ?? throw new UsageException("--options must be a JSON object.");
        if (keep is { Length: > 0 })
            options["keep"] = new JsonArray([.. keep.Select(column => JsonValue.Create(column))]);
        return JsonSerializer.SerializeToElement(options);
    }
}
