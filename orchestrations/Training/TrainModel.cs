using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training.Activities;
using Larder.Registry.Jobs;
using Larder.Registry.Publishing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Training;

/// <summary>
/// The training job: stage the inputs; then attempts (start, poll, collect); then find, validate, compile and register the model and move the alias through the
/// gate. A cancellation has an effect until registering begins.
/// </summary>
public static class TrainModel
{
    /// <summary>The longest time that a backend may take from accepting a task to running it: pulling an image, finding a machine.</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(35);

    // The history grows by a few entries with every poll; then the instance continues as new.
    private const int MaxPolls = 200;

    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>How long the orchestration waits for a task to stop before it deletes the compute, which ends the task in any case.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Runs the job of the instance's input, a <see cref="TrainingInput"/>.</summary>
    [Function(OrchestrationNames.TrainModel)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var training = context.GetInput<TrainingInput>()!;
        return JobOrchestration.RunAsync(context, training.Job, job => RunAsync(context, job, training));
    }

    private static async Task<JobResult?> RunAsync(TaskOrchestrationContext context, JobOrchestration job, TrainingInput training)
    {
        var attempt = await RunAttemptsAsync(job, training);
        if (attempt.Continue is not { } watch)
            return attempt.Result ?? await FinishAsync(job, training, attempt.Number);
        context.ContinueAsNew(training with { Watch = watch });
        return null;
    }

    private static async Task<AttemptsResult> RunAttemptsAsync(JobOrchestration job, TrainingInput training)
    {
        var watch = training.Watch;
        if (watch is null)
        {
            job.SetStep("stage");
            if (await job.CallAsync<string?>(ActivityNames.StageInputs, job.Job) is { } problem)
                return new AttemptsResult(0, job.Failed(problem));
        }

        for (var number = watch?.Attempt ?? 1; ; number++)
        {
            var id = new ComputeId(job.Job, number);
            string? reason = null;
            if (watch is null)
            {
                SetStatus(job, "start", number);
                (watch, reason) = await StartAsync(job, id);
            }

            if (watch is not null)
            {
                var watched = await WatchAsync(job, training, watch);
                if (watched.Continue is not null)
                    return watched;
                SetStatus(job, "collect", number);
                var collected = await job.CallAsync<CollectResults.Result>(ActivityNames.CollectResults, id);
                await job.CallAsync(ActivityNames.DeleteCompute, id, RetryPolicies.Cleanup);
                if (watched.Result is not null || collected.Reason is null)
                    return watched;
                // The backend's clock starts a little earlier, and runs while no server does.
                if (collected.TimedOut)
                    return new AttemptsResult(number, TimedOut(job, training));
                reason = collected.Reason;
            }
            else if (reason is null)
            {
                return new AttemptsResult(number, job.Canceled);
            }

            if (job.IsCancelRequested)
                return new AttemptsResult(number, job.Canceled);
            if (number >= training.Attempts)
                return new AttemptsResult(number, job.Failed(reason));
            watch = null;
            await job.WaitAsync(TimeSpan.FromSeconds(Math.Min(60, 1 << number)));
        }
    }

    /// <summary>Starts an attempt, as soon as the backend has room. Neither watch nor reason: the job was canceled while it waited.</summary>
    private static async Task<(TrainingWatch? Watch, string? Reason)> StartAsync(JobOrchestration job, ComputeId id)
    {
        for (var wait = ShortestWait; !job.IsCancelRequested; wait = Shorter(wait * 1.5, LongestWait / 6))
        {
            var start = await job.CallAsync<StartCompute.Result>(ActivityNames.StartCompute, id);
            if (start.Reason is not null)
                return (null, start.Reason);
            if (start.Started)
                return (new TrainingWatch(id.Attempt, job.Now), null);
            SetStatus(job, "wait_for_room", id.Attempt);
            await job.WaitAsync(wait);
        }

        return (null, null);
    }

    private static async Task<AttemptsResult> WatchAsync(JobOrchestration job, TrainingInput training, TrainingWatch watch)
    {
        var id = new ComputeId(job.Job, watch.Attempt);
        for (var polls = 0; polls < MaxPolls; polls++)
        {
            var seen = await job.CallAsync<WatchCompute.Result>(ActivityNames.WatchCompute, id);
            var now = job.Now;
            if (seen.IsOver)
                return new AttemptsResult(watch.Attempt);
            if (seen.IsRunning && watch.Running is null)
                watch = watch with { Running = now };
            SetStatus(job, "run", watch.Attempt, polls);

            var deadline = watch.Running + TimeSpan.FromSeconds(training.TimeoutSeconds) ?? watch.Accepted + StartLimit;
            if (job.IsCancelRequested)
                return await StopAsync(job, id, job.Canceled);
            if (now >= deadline)
                return await StopAsync(job, id, watch.Running is null ? NotStarted(job) : TimedOut(job, training));

            // The longer it has run, the longer it is likely to run.
            var wait = Shorter((now - watch.Accepted) / 10, LongestWait);
            wait = wait < ShortestWait ? ShortestWait : wait;
            await job.WaitAsync(Shorter(wait, deadline - now));
        }

        // An event that has arrived is lost when the instance continues as new.
        return job.IsCancelRequested ? await StopAsync(job, id, job.Canceled) : new AttemptsResult(watch.Attempt, Continue: watch);
    }

    private static async Task<AttemptsResult> StopAsync(JobOrchestration job, ComputeId id, JobResult result)
    {
        SetStatus(job, "stop", id.Attempt);
        await job.CallAsync(ActivityNames.StopCompute, id);
        var until = job.Now + StopTimeout;
        while (job.Now < until)
        {
            var seen = await job.CallAsync<WatchCompute.Result>(ActivityNames.WatchCompute, id);
            if (seen.IsOver)
                break;
            await job.WaitThroughAsync(ShortestWait);
        }

        return new AttemptsResult(id.Attempt, result);
    }

    private static async Task<JobResult> FinishAsync(JobOrchestration job, TrainingInput training, int attempt)
    {
        var id = new ComputeId(job.Job, attempt);
        SetStatus(job, "validate", attempt);
        var trained = await job.CallAsync<CheckTrainedModel.Result>(ActivityNames.CheckTrainedModel, id);
        if (trained.Model is null)
            return job.Failed(trained.Reason!);
        if (job.IsCancelRequested)
            return job.Canceled;

        ValidatedArtifact? optimized = null;
        if (training.Compile)
        {
            SetStatus(job, "compile", attempt);
            optimized = (await job.CallAsync<CompileTrainedModel.Result>(
                ActivityNames.CompileTrainedModel, new CompileTrainedModel.Input(id, trained.Model))).Model;
            if (job.IsCancelRequested)
                return job.Canceled;
        }

        SetStatus(job, "register", attempt);
        var registered = await job.CallAsync<RegisterTrainedModel.Result>(
            ActivityNames.RegisterTrainedModel, new RegisterTrainedModel.Input(id, trained.Path!, trained.Model, optimized));
        if (registered.Version is not { } version)
            return job.Failed(registered.Reason!);

        string? gate = null;
        if (training.HasAlias)
        {
            SetStatus(job, "gate", attempt);
            gate = await job.CallAsync<string>(ActivityNames.GateTrainedModel, new GateTrainedModel.Input(job.Job, version));
        }

        return job.Succeeded(job.IsCancelRequested ? $"It was too late to cancel: version {version} was being registered. {gate}".TrimEnd() : gate);
    }

    private static void SetStatus(JobOrchestration job, string step, int attempt, int? polls = null) => job.SetStatus(new { step, attempt, polls });

    private static JobResult NotStarted(JobOrchestration job) => job.Failed($"The compute did not begin to run within {StartLimit.TotalMinutes} minutes.");

    private static JobResult TimedOut(JobOrchestration job, TrainingInput training) =>
        new(job.Job, JobState.TimedOut, $"It ran longer than {training.TimeoutSeconds} seconds, which is its time-out, and was stopped.");

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>The outcome of the attempts: the job's result; a watch to continue as new with; or, with neither, an attempt that succeeded or is to be tried again.</summary>
    private sealed record AttemptsResult(int Number, JobResult? Result = null, TrainingWatch? Continue = null);
}

/// <summary>Input of the <see cref="TrainModel"/> orchestration: what it needs to decide, and, when it goes on as new, where it was.</summary>
/// <param name="Job">The job's id, which is the instance's too.</param>
/// <param name="Attempts">The most attempts.</param>
/// <param name="TimeoutSeconds">How long an attempt may run.</param>
/// <param name="Compile">Whether to compile.</param>
/// <param name="HasAlias">Whether there is an alias to move.</param>
/// <param name="Watch">The attempt that runs at this moment; null in the beginning.</param>
public sealed record TrainingInput(string Job, int Attempts, int TimeoutSeconds, bool Compile, bool HasAlias, TrainingWatch? Watch = null);

/// <summary>An attempt that is being watched.</summary>
/// <param name="Attempt">Its number.</param>
/// <param name="Accepted">When the backend accepted it.</param>
/// <param name="Running">When it was first seen running; null while it waits for its machine or image.</param>
public sealed record TrainingWatch(int Attempt, DateTime Accepted, DateTime? Running = null);
