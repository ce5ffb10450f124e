using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Cli.Output;
using Larder.Cli.Running;
using Larder.Cli.Transfers;
using Larder.Contracts;

namespace Larder.Cli.Commands;

/// <summary><c>larder schedules</c>.</summary>
internal static class ScheduleCommands
{
    private static readonly JsonSerializerOptions Strict = new() { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };
    private static readonly JsonSerializerOptions Brief = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private static readonly Argument<string> Schedule = new("schedule") { Description = "The schedule's id." };
    private static readonly Argument<string> Definition = new("definition") { Description = "JSON as docs/schedules.md has it, @FILE with JSON, or - for standard input." };

    public static Command Create() => new("schedules", "Jobs at fixed times.")
    {
        List(),
        Show(),
        Runs(),
        Run(),
        new Command("create", "Create a schedule.") { Definition }.Runs(async run =>
            Print(run, await run.Client.Schedules.CreateAsync(await DefinitionAsync(run), run.Stop), "is created")),
        new Command("update", "Change members of a schedule; what is left out stays.") { Schedule, Definition }.Runs(async run =>
            Print(run, await run.Client.Schedules.UpdateAsync(run.Value(Schedule), await DefinitionAsync(run), run.Stop), "is changed")),
        new Command("pause", "Stop a schedule until it is resumed.") { Schedule }.Runs(async run =>
            Print(run, await run.Client.Schedules.PauseAsync(run.Value(Schedule), run.Stop), "is paused")),
        new Command("resume", "Let a paused schedule run again.") { Schedule }.Runs(async run =>
            Print(run, await run.Client.Schedules.ResumeAsync(run.Value(Schedule), run.Stop), "runs again")),
        Delete(),
    };

    private static Command List()
    {
        var model = new Option<string?>("--model") { Description = "Schedules of this model." };
        var limit = Lists.LimitOption();
        return new Command("list", "List schedules.") { model, limit }.Runs(async run => run.Terminal.List(
            await run.TakeAsync(run.Client.Schedules.ListAsync(run.Value(model), run.Stop), run.Value(limit)),
            new("id", schedule => schedule.Id),
            new("name", schedule => schedule.Name),
            new("job", schedule => $"{schedule.Job.Type} {schedule.Job.Model}"),
            new("cron", schedule => schedule.Cron),
            new("time zone", schedule => schedule.TimeZone),
            new("next run", schedule => schedule.Enabled ? Plain.Time(schedule.NextRun) : "paused"),
            new("last run", schedule => schedule.LastRun is { } last ? $"{Plain.Time(last.At)} {last.State ?? last.Outcome}" : null)));
    }

    private static Command Show() => new Command("show", "Show a schedule, with its next runs.") { Schedule }.Runs(async run =>
    {
        var answer = await run.Client.Schedules.GetAsync(run.Value(Schedule), run.Stop);
        var schedule = answer.Schedule;
        run.Terminal.Show(
            answer,
            ("id", schedule.Id),
            ("name", schedule.Name),
            ("description", schedule.Description),
            ("job", $"{schedule.Job.Type} {schedule.Job.Model}"),
            ("options", schedule.Job.Options?.GetRawText()),
            ("inputs", JsonSerializer.Serialize(schedule.Job.Inputs, Brief)),
            ("cron", $"{schedule.Cron} ({schedule.TimeZone})"),
            ("overlap", schedule.Overlap),
            ("missed", schedule.Missed),
            ("state", schedule.Enabled ? "enabled" : "paused"),
            ("next runs", string.Join(", ", (answer.NextRuns ?? []).Select(next => Plain.Time(next)))),
            ("last run", schedule.LastRun is { } last ? $"{Plain.Time(last.At)} {last.Outcome} {last.Job} {last.State}" : null),
            ("owner", schedule.Owner));
    });

    private static Command Runs()
    {
        var limit = Lists.LimitOption();
        return new Command("runs", "List the runs of a schedule, the newest first.") { Schedule, limit }.Runs(async run => run.Terminal.List(
            await run.TakeAsync(run.Client.Schedules.ListRunsAsync(run.Value(Schedule), run.Stop), run.Value(limit)),
            new("run", one => Plain.Number(one.Number)),
            new("due", one => Plain.Time(one.Due)),
            new("outcome", one => one.Outcome),
            new("job", one => one.Job),
            new("state", one => one.State),
            new("version", one => Plain.Number(one.Version)),
            new("reason", one => one.Reason)));
    }

    private static Command Run() => new Command("run", "Run a schedule now.") { Schedule }.Runs(async run =>
    {
        var job = await run.Client.Schedules.RunAsync(run.Value(Schedule), cancellationToken: run.Stop);
        run.Terminal.Done($"The run is job {job.Id}. 'larder jobs logs {job.Id} --follow' follows it.", job, job.Id);
    });

    private static Command Delete()
    {
        var yes = Parsing.Yes();
        return new Command("delete", "Delete a schedule. Its jobs stay.") { Schedule, yes }.Runs(async run =>
        {
            if (!run.Confirmed(yes, $"Delete the schedule {run.Value(Schedule)}?"))
                return ExitCodes.Failed;
            run.Terminal.Done(await run.Client.Schedules.DeleteAsync(run.Value(Schedule), run.Stop), new { deleted = run.Value(Schedule) }, run.Value(Schedule));
            return ExitCodes.Ok;
        });
    }

    private static async Task<ScheduleRequest> DefinitionAsync(CommandRun run)
    {
        try
        {
            return (await LocalFile.JsonAsync(run.Value(Definition), "The definition", run.Stop)).Deserialize<ScheduleRequest>(Strict) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new UsageException($"The definition is not one of a schedule: {e.Message}");
        }
    }

    private static void Print(CommandRun run, ScheduleDetails schedule, string what) => run.Terminal.Done(
        $"{schedule.Name} ({schedule.Id}) {what}{(schedule.NextRun is { } next ? $"; next run {Plain.Time(next)}" : "")}.",
        schedule,
        schedule.Id);
}
