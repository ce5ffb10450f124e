using System.CommandLine;
using Larder.Cli.Output;
using Larder.Cli.Running;
using Larder.Cli.Transfers;
using Larder.Client;
using Larder.Contracts;

namespace Larder.Cli.Commands;

/// <summary><c>larder jobs</c>.</summary>
internal static class JobCommands
{
    private static readonly Argument<string> Job = new("job") { Description = "The job's id." };

    public static Command Create() => new("jobs", "Jobs: trainings, scorings, uploads and others.")
    {
        List(), Show(), Logs(), Cancel(), Retry(), Delete(), Outputs(),
    };

    private static Command List()
    {
        var state = new Option<string[]>("--state") { Description = "queued, running, succeeded, failed, canceled or timed_out; repeat it for several." };
        var type = new Option<string[]>("--type") { Description = "Such as train or score; repeat it for several." };
        var model = new Option<string?>("--model") { Description = "Jobs of this model." };
        var owner = new Option<string[]>("--owner") { Description = "Jobs of this caller; repeat it for several." };
        var limit = Lists.LimitOption();
        return new Command("list", "List jobs, the newest first.") { state, type, model, owner, limit }.Runs(async run =>
        {
            var filter = new JobFilter { States = run.Value(state), Types = run.Value(type), Model = run.Value(model), Owners = run.Value(owner) };
            run.Terminal.List(
                await run.TakeAsync(run.Client.Jobs.ListAsync(filter, run.Stop), run.Value(limit)),
                new("id", job => job.Id),
                new("type", job => job.Type),
                new("state", job => job.State),
                new("model", job => job.Version is { } version ? $"{job.Model}:{version}" : job.Model),
                new("owner", job => job.Owner),
                new("created", job => Plain.Time(job.Created)),
                new("seconds", job => Seconds(job)),
                new("reason", job => job.Reason));
        });
    }

    private static Command Show() => new Command("show", "Show a job.") { Job }.Runs(async run =>
    {
        var job = await run.Client.Jobs.GetAsync(run.Value(Job), run.Stop);
        run.Terminal.Show(
            job,
            ("id", job.Id),
            ("type", job.Type),
            ("state", job.State),
            ("reason", job.Reason),
            ("model", job.Version is { } version ? $"{job.Model}:{version}" : job.Model),
            ("optimized version", Plain.Number(job.OptimizedVersion)),
            ("compilation", job.Compilation),
            ("gate", job.Gate?.Reason),
            ("metrics", Plain.Pairs(job.Metrics)),
            ("run", job.Run),
            ("exit code", Plain.Number(job.ExitCode)),
            ("attempts", $"{job.Attempts.Count} of {job.MaxAttempts}"),
            ("steps", job.Steps is null ? null : string.Join(", ", job.Steps.Select(step => step.Finished is { } end ? $"{step.Name} {(end - step.Started).TotalSeconds:0.0} s" : $"{step.Name} ..."))),
            ("inputs", string.Join(", ", job.Inputs.Select(input => $"{input.FileName} ({Plain.Size(input.SizeBytes)})"))),
            ("outputs", string.Join(", ", (job.Outputs ?? []).Select(output => output.Path))),
            ("options", job.Options.GetRawText()),
            ("owner", job.Owner),
            ("schedule", job.Schedule),
            ("created", Plain.Time(job.Created)),
            ("started", Plain.Time(job.Started)),
            ("finished", Plain.Time(job.Finished)));
    });

    private static Command Logs()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Print lines as they come until the job has ended; the exit code says how it ended." };
        var attempt = new Option<int?>("--attempt") { Description = "The log of this attempt. Default: the last.", HelpName = "N" };
        return new Command("logs", "Print a job's log.") { Job, follow, attempt }.Runs(async run =>
        {
            var job = run.Value(Job);
            if (run.Value(follow))
            {
                return run.Value(attempt) is null
                    ? JobWatch.Ended(run, await JobWatch.FollowAsync(run, job))
                    : throw new UsageException("--follow goes through all attempts; it does not go with --attempt.");
            }
            if (run.Terminal.Format == OutputFormat.Table)
            {
                await foreach (var line in run.Client.Jobs.ReadLogAsync(job, run.Value(attempt), run.Stop))
                    Console.Out.WriteLine(JobWatch.Line(line));
                return ExitCodes.Ok;
            }
            run.Terminal.List(
                await run.TakeAsync(run.Client.Jobs.ReadLogAsync(job, run.Value(attempt), run.Stop), 0),
                new Column<JobLogLineDetails>("line", line => Plain.Number(line.N)),
                new("time", line => line.T.ToString("O")),
                new("stream", line => line.S),
                new("text", line => line.M));
            return ExitCodes.Ok;
        });
    }

    private static Command Cancel() => new Command("cancel", "Request the end of a job.") { Job }.Runs(async run =>
    {
        var job = await run.Client.Jobs.CancelAsync(run.Value(Job), run.Stop);
        run.Terminal.Done($"{job.Id} is {job.State}{(JobStates.IsFinal(job.State) ? "" : "; its cancellation is requested")}.", job, job.Id);
    });

    private static Command Retry() => new Command("retry", "Make a new job of the same inputs.") { Job }.Runs(async run =>
    {
        var job = await run.Client.Jobs.RetryAsync(run.Value(Job), run.Stop);
        run.Terminal.Done($"The new job is {job.Id}. 'larder jobs logs {job.Id} --follow' follows it.", job, job.Id);
    });

    private static Command Delete()
    {
        var yes = Parsing.Yes();
        return new Command("delete", "Delete a job that has ended, with its log and outputs.") { Job, yes }.Runs(async run =>
        {
            if (!run.Confirmed(yes, $"Delete the job {run.Value(Job)} with its log and outputs?"))
                return ExitCodes.Failed;
            run.Terminal.Done(await run.Client.Jobs.DeleteAsync(run.Value(Job), run.Stop), new { deleted = run.Value(Job) }, run.Value(Job));
            return ExitCodes.Ok;
        });
    }

    private static Command Outputs()
    {
        var path = new Argument<string?>("path") { Description = "One of the files, to download it.", Arity = ArgumentArity.ZeroOrOne };
        var to = new Option<string?>("--to") { Description = "With a path: the file to write, - for standard output. Without: the folder to download all files to.", HelpName = "FILE|FOLDER" };
        var force = new Option<bool>("--force") { Description = "Replace files." };
        return new Command("outputs", "List the files that a job left, or download them.") { Job, path, to, force }.Runs(async run =>
        {
            var outputs = await run.Client.Jobs.GetOutputsAsync(run.Value(Job), run.Stop);
            if (run.Value(path) is { } wanted)
            {
                var output = outputs.FirstOrDefault(output => output.Path == wanted) ?? throw new UsageException($"The job {run.Value(Job)} left no {wanted}: {string.Join(", ", outputs.Select(output => output.Path))}.", ExitCodes.Failed);
                await DownloadAsync(run, output, run.Value(to) ?? Path.GetFileName(wanted), run.Value(force));
                return;
            }
            if (run.Value(to) is not { } folder)
            {
                run.Terminal.List(outputs, new("path", output => output.Path), new("size", output => Plain.Size(output.SizeBytes)), new("sha256", output => output.Sha256));
                return;
            }
            foreach (var output in outputs)
                await DownloadAsync(run, output, Below(folder, output.Path), run.Value(force));
        });
    }

    /// <summary>Waits for a job and downloads what it left.</summary>
    public static Task DownloadAsync(CommandRun run, string job, JobOutputDetails output, string to, bool force) =>
        LocalFile.WriteAsync(run, to, force, output.SizeBytes, (stream, progress) => run.Client.Jobs.DownloadOutputAsync(job, output.Path, stream, progress, run.Stop));

    private static Task DownloadAsync(CommandRun run, JobOutputDetails output, string to, bool force) => DownloadAsync(run, run.Value(Job), output, to, force);

    // A script chose the name: it must not lead out of the folder.
    private static string Below(string folder, string path)
    {
        var root = Path.GetFullPath(folder) + Path.DirectorySeparatorChar;
        var full = Path.GetFullPath(Path.Combine(root, path));
        if (!full.StartsWith(root, StringComparison.Ordinal))
            throw new UsageException($"The output {path} would be written outside {folder}: download it by its path with --to.");
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        return full;
    }

    private static string? Seconds(JobDetails job) =>
        job is { Started: { } started, Finished: { } finished } ? (finished - started).TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture) : null;
}
