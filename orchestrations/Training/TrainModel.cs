using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Jobs.Activities;
using Larder.Orchestrations.Training.Activities;
using Larder.Registry.Jobs;
using Larder.Registry.Publishing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Training;

/// <summary>
/// The training job: stage, then attempts (start, watch, collect), then find, check, compile, register and gate the model; the clean-up and the job's
/// final state come last, whatever happened before. Cancelling is an event, <see cref="JobScheduler.CancelEvent"/>: it is heeded until registering begins.
/// </summary>
public static class TrainModel
{
    /// <summary>The longest time that a backend may take from accepting a task to running it: pulling an image, finding a machine.</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(35);

    // The history grows by a few entries with every look; then it starts afresh.
    private const int MostLooks = 200;

    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>How long a stopped task is waited for before its compute is deleted, which ends it in any case.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(2);

    /// <summary>Runs it.</summary>
    [Function(OrchestrationNames.TrainModel)]
    public static async Task Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var training = context.GetInput<TrainingInput>()!;
        var cancel = context.WaitForExternalEvent<object?>(JobScheduler.CancelEvent);
        Ending ending;
        try
        {
            var attempt = await RunAttemptsAsync(context, training, cancel);
            if (attempt.GoOn is { } watch)
            {
                context.ContinueAsNew(training with { Watch = watch });
                return;
            }

            ending = attempt.Ending ?? await FinishAsync(context, training, attempt.Number, cancel);
        }
        catch (TaskFailedException e)
        {
            ending = new Ending(JobState.Failed, JobEnding.Of(e));
        }

        SetStatus(context, "clean_up");
        await context.CallActivityAsync(ActivityNames.CleanUpJob, training.Job, RetryPolicies.Cleanup);
        await context.CallActivityAsync(ActivityNames.EndJob, new EndJob.Input(training.Job, ending.State, ending.Reason), RetryPolicies.Cleanup);
    }

    private static async Task<AttemptsResult> RunAttemptsAsync(TaskOrchestrationContext context, TrainingInput training, Task cancel)
    {
        var watch = training.Watch;
        if (watch is null)
        {
            SetStatus(context, "stage");
            if (await context.CallActivityAsync<string?>(ActivityNames.StageInputs, training.Job, RetryPolicies.Default) is { } problem)
                return new AttemptsResult(0, Ending.Failed(problem));
        }

        for (var number = watch?.Attempt ?? 1; ; number++)
        {
            var id = new ComputeId(training.Job, number);
            string? reason = null;
            if (watch is null)
            {
                SetStatus(context, "start", number);
                (watch, reason) = await StartAsync(context, id, cancel);
            }

            if (watch is not null)
            {
                var watched = await WatchAsync(context, training, watch, cancel);
                if (watched.GoOn is not null)
                    return watched;
                SetStatus(context, "collect", number);
                var collected = await context.CallActivityAsync<CollectResults.Result>(ActivityNames.CollectResults, id, RetryPolicies.Default);
                await context.CallActivityAsync(ActivityNames.DeleteCompute, id, RetryPolicies.Cleanup);
                if (watched.Ending is not null || collected.Reason is null)
                    return watched;
                // The backend's clock began a little earlier, and runs while no host does.
                if (collected.TimedOut)
                    return new AttemptsResult(number, Ending.TimedOut(training.TimeoutSeconds));
                reason = collected.Reason;
            }
            else if (reason is null)
            {
                return new AttemptsResult(number, Ending.Canceled);
            }

            if (cancel.IsCompleted)
                return new AttemptsResult(number, Ending.Canceled);
            if (number >= training.Attempts)
                return new AttemptsResult(number, Ending.Failed(reason));
            watch = null;
            await WaitAsync(context, TimeSpan.FromSeconds(Math.Min(60, 1 << number)), cancel);
        }
    }

    /// <summary>Starts an attempt, as soon as the backend has room. Neither watch nor reason: it was cancelled while waiting.</summary>
    private static async Task<(TrainingWatch? Watch, string? Reason)> StartAsync(TaskOrchestrationContext context, ComputeId id, Task cancel)
    {
        for (var wait = ShortestWait; !cancel.IsCompleted; wait = Shorter(wait * 1.5, LongestWait / 6))
        {
            var start = await context.CallActivityAsync<StartCompute.Result>(ActivityNames.StartCompute, id, RetryPolicies.Default);
            if (start.Reason is not null)
                return (null, start.Reason);
            if (start.Started)
                return (new TrainingWatch(id.Attempt, context.CurrentUtcDateTime), null);
            SetStatus(context, "wait_for_room", id.Attempt);
            await WaitAsync(context, wait, cancel);
        }

        return (null, null);
    }

    private static async Task<AttemptsResult> WatchAsync(TaskOrchestrationContext context, TrainingInput training, TrainingWatch watch, Task cancel)
    {
        var id = new ComputeId(training.Job, watch.Attempt);
        for (var looks = 0; looks < MostLooks; looks++)
        {
            var look = await context.CallActivityAsync<WatchCompute.Result>(ActivityNames.WatchCompute, id, RetryPolicies.Default);
            var now = context.CurrentUtcDateTime;
            if (look.IsOver)
                return new AttemptsResult(watch.Attempt);
            if (look.IsRunning && watch.Running is null)
                watch = watch with { Running = now };
            SetStatus(context, "run", watch.Attempt, looks);

            var deadline = watch.Running + TimeSpan.FromSeconds(training.TimeoutSeconds) ?? watch.Accepted + StartLimit;
            if (cancel.IsCompleted)
                return await StopAsync(context, id, Ending.Canceled);
            if (now >= deadline)
                return await StopAsync(context, id, watch.Running is null ? Ending.NotStarted : Ending.TimedOut(training.TimeoutSeconds));

            // The longer it has run, the longer it is likely to go on.
            var wait = Shorter((now - watch.Accepted) / 10, LongestWait);
            wait = wait < ShortestWait ? ShortestWait : wait;
            await WaitAsync(context, Shorter(wait, deadline - now), cancel);
        }

        // An event that has arrived would not be there any more after going on as new.
        return cancel.IsCompleted ? await StopAsync(context, id, Ending.Canceled) : new AttemptsResult(watch.Attempt, GoOn: watch);
    }

    private static async Task<AttemptsResult> StopAsync(TaskOrchestrationContext context, ComputeId id, Ending ending)
    {
        SetStatus(context, "stop", id.Attempt);
        await context.CallActivityAsync(ActivityNames.StopCompute, id, RetryPolicies.Default);
        var until = context.CurrentUtcDateTime + StopLimit;
        while (context.CurrentUtcDateTime < until)
        {
            var look = await context.CallActivityAsync<WatchCompute.Result>(ActivityNames.WatchCompute, id, RetryPolicies.Default);
            if (look.IsOver)
                break;
            await context.CreateTimer(ShortestWait, CancellationToken.None);
        }

        return new AttemptsResult(id.Attempt, ending);
    }

    private static async Task<Ending> FinishAsync(TaskOrchestrationContext context, TrainingInput training, int attempt, Task cancel)
    {
        var id = new ComputeId(training.Job, attempt);
        SetStatus(context, "find", attempt);
        var found = await context.CallActivityAsync<FindTrainedModel.Result>(ActivityNames.FindTrainedModel, id, RetryPolicies.Default);
        if (found.Path is null)
            return Ending.Failed(found.Reason!);
        if (cancel.IsCompleted)
            return Ending.Canceled;

        SetStatus(context, "validate", attempt);
        var trained = await context.CallActivityAsync<CheckTrainedModel.Result>(
            ActivityNames.CheckTrainedModel, new CheckTrainedModel.Input(id, found.Path), RetryPolicies.Default);
        if (trained.Model is null)
            return Ending.Failed(trained.Reason!);
        if (cancel.IsCompleted)
            return Ending.Canceled;

        ValidatedArtifact? optimized = null;
        if (training.Compile)
        {
            SetStatus(context, "compile", attempt);
            var compiled = await context.CallActivityAsync<CompileTrainedModel.Result>(
                ActivityNames.CompileTrainedModel, new CompileTrainedModel.Input(id, trained.Model), RetryPolicies.Default);
            optimized = compiled.Model;
        }

        if (cancel.IsCompleted)
            return Ending.Canceled;
        SetStatus(context, "register", attempt);
        var registered = await context.CallActivityAsync<RegisterTrainedModel.Result>(
            ActivityNames.RegisterTrainedModel, new RegisterTrainedModel.Input(id, found.Path, trained.Model, optimized), RetryPolicies.Default);
        if (registered.Version is not { } version)
            return Ending.Failed(registered.Reason!);

        string? gate = null;
        if (training.HasAlias)
        {
            SetStatus(context, "gate", attempt);
            gate = await context.CallActivityAsync<string>(ActivityNames.GateTrainedModel, new GateTrainedModel.Input(training.Job, version), RetryPolicies.Default);
        }

        return new Ending(
            JobState.Succeeded,
            cancel.IsCompleted ? $"It was too late to cancel: version {version} was being registered. {gate}".TrimEnd() : gate);
    }

    /// <summary>Waits, but not after a cancellation.</summary>
    private static async Task WaitAsync(TaskOrchestrationContext context, TimeSpan wait, Task cancel)
    {
        using var stop = new CancellationTokenSource();
        var timer = context.CreateTimer(wait, stop.Token);
        // A timer that is left behind would keep the orchestration from ending. Not CancelAsync: that awaits the thread pool.
        if (await Task.WhenAny(timer, cancel) == cancel)
            stop.Cancel();
    }

    private static void SetStatus(TaskOrchestrationContext context, string step, int? attempt = null, int? looks = null) =>
        context.SetCustomStatus(new { step, attempt, looks });

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>How a job ends.</summary>
    private sealed record Ending(JobState State, string? Reason)
    {
        public static Ending Canceled { get; } = new(JobState.Canceled, JobEnding.Canceled);

        public static Ending NotStarted { get; } = Failed($"The compute did not begin to run within {StartLimit.TotalMinutes} minutes.");

        public static Ending Failed(string reason) => new(JobState.Failed, reason);

        public static Ending TimedOut(int seconds) => new(JobState.TimedOut, $"It ran longer than {seconds} seconds, which is its time-out, and was stopped.");
    }

    /// <summary>What came of the attempts: an end; a watch to go on with as new; or, with neither, a run that ended well or is to be tried again.</summary>
    private sealed record AttemptsResult(int Number, Ending? Ending = null, TrainingWatch? GoOn = null);
}
