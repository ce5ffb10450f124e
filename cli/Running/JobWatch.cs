using System.Diagnostics;
using Larder.Cli.Output;
using Larder.Client;
using Larder.Contracts;
using Spectre.Console;

namespace Larder.Cli.Running;

/// <summary>Waits for jobs. Ctrl-C ends the wait, and the job goes on.</summary>
internal static class JobWatch
{
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(1);

    /// <summary>Prints a job's log as it comes, with a line below it that says what the job does, until the job has ended.</summary>
    /// <returns>The job in its final state.</returns>
    public static Task<JobDetails> FollowAsync(CommandRun run, string job, string? after = null) => ToldAsync(run, job, async () =>
    {
        if (!run.Terminal.ShowsStatus)
            await PrintLogAsync(run, job, after, LogWriter(run));
        else
        {
            await run.Terminal.Screen.Status().StartAsync("queued", async status =>
            {
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(run.Stop);
                var watching = ShowStatusAsync(run, job, status, ended.Token);
                try
                {
                    await PrintLogAsync(run, job, after, line => run.Terminal.Screen.WriteLine(line));
                }
                finally
                {
                    await ended.CancelAsync();
                    await watching;
                }
            });
        }
        return await run.Client.Jobs.WaitAsync(job, run.Stop);
    });

    /// <summary>Waits for a job's end, with a line that says what it does.</summary>
    /// <returns>The job in its final state.</returns>
    public static Task<JobDetails> WaitAsync(CommandRun run, string job) => ToldAsync(run, job, () => run.Terminal.Progress is { } console
        ? console.Status().StartAsync("queued", async status =>
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(run.Stop);
            var watching = ShowStatusAsync(run, job, status, ended.Token);
            try
            {
                return await run.Client.Jobs.WaitAsync(job, run.Stop);
            }
            finally
            {
                await ended.CancelAsync();
                await watching;
            }
        })
        : run.Client.Jobs.WaitAsync(job, run.Stop));

    /// <summary>Prints how a job ended.</summary>
    /// <returns>The exit code that says it.</returns>
    public static int Ended(CommandRun run, JobDetails job)
    {
        var version = job.Version is { } number ? $" {job.Model}:{number}" : "";
        var metrics = job.Metrics.Count > 0 ? $" ({Plain.Pairs(job.Metrics)})" : "";
        if (job.State == JobStates.Succeeded)
            run.Terminal.Done($"{job.Type} {job.Id} succeeded{(version.Length > 0 ? $":{version}" : "")}{metrics}.{(job.Reason is { } note ? $" {note}" : "")}", job, job.Version is null ? job.Id : version.Trim());
        else
        {
            if (run.Terminal.Format == OutputFormat.Json)
                Terminal.Write(job);
            run.Terminal.Error($"{job.Type} {job.Id} {job.State}{(job.Reason is { } reason ? $": {reason}" : ".")}");
        }
        return ExitCodes.Of(job.State);
    }

    /// <summary>A line of a log.</summary>
    public static string Line(JobLogLineDetails line) => Plain.Text(line.M);

    private static async Task<JobDetails> ToldAsync(CommandRun run, string job, Func<Task<JobDetails>> wait)
    {
        try
        {
            return await wait();
        }
        catch (OperationCanceledException) when (run.Stop.IsCancellationRequested)
        {
            run.Terminal.Note($"The job {job} goes on. 'larder jobs logs {job} --follow' follows it again, 'larder jobs cancel {job}' ends it.");
            throw;
        }
    }

    private static async Task PrintLogAsync(CommandRun run, string job, string? after, Action<string> write)
    {
        await foreach (var entry in run.Client.Jobs.FollowLogAsync(job, after, run.Stop))
            write(Line(entry.Line));
    }

    // With JSON or CSV, standard output is the result alone.
    private static Action<string> LogWriter(CommandRun run)
    {
        var writer = run.Terminal.IsQuiet ? TextWriter.Null : run.Terminal.Format == OutputFormat.Table ? Console.Out : Console.Error;
        return writer.WriteLine;
    }

    private static async Task ShowStatusAsync(CommandRun run, string job, StatusContext status, CancellationToken cancellationToken)
    {
        var began = Stopwatch.StartNew();
        try
        {
            while (true)
            {
                var found = await run.Client.Jobs.GetAsync(job, cancellationToken);
                var step = found.Steps?.LastOrDefault(step => step.Finished is null)?.Name;
                status.Status(Markup.Escape(Plain.Text($"{job} {found.State}{(step is null ? "" : $", {step}")}, {began.Elapsed:mm\\:ss}")));
                await Task.Delay(StatusInterval, cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or LarderException)
        {
            // The line is a comfort: what goes wrong is told by what it stands below.
        }
    }
}
