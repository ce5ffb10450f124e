using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Starts an attempt: writes the input of bootstrap.py, and has the backend run it.</summary>
public sealed class StartCompute(JobSteps steps, JobFiles files, IArtifactStore artifacts, IComputeBackend backend, RunTokens tokens, JobLimits limits)
{
    private const JobFileAccess AppendAccess = JobFileAccess.Read | JobFileAccess.Create | JobFileAccess.Add;

    /// <summary>The outcome.</summary>
    /// <param name="Started">Whether it runs or will.</param>
    /// <param name="Reason">Why it never will; null with <paramref name="Started"/> false means that the backend is full.</param>
    public sealed record Result(bool Started, string? Reason = null);

    /// <summary>Starts an attempt; called again while the backend is full.</summary>
    [Function(ActivityNames.StartCompute)]
    public Task<Result> Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken) => steps.RunAsync(
        id.Job,
        "start",
        id.Attempt,
        job => StartAsync(job, id.Attempt, cancellationToken),
        detail: result => result switch
        {
            { Started: true } => $"Started by {backend.Name}.",
            { Reason: null } => "It waits for room.",
            _ => result.Reason,
        },
        isOver: result => result is { Started: true } or { Reason: not null },
        isWrittenAhead: true,
        cancellationToken: cancellationToken);

    private async Task<Result> StartAsync(Job job, int attempt, CancellationToken cancellationToken)
    {
        var options = JobOptions.Of<TrainOptions>(job);
        var timeout = TimeSpan.FromSeconds(options.Timeout);

        // URLs end when nothing of the job can need them any more.
        var life = timeout + TrainModel.StartLimit + TimeSpan.FromMinutes(30);
        var manifest = await ManifestAsync(job, options, attempt, life, cancellationToken);
        await files.WriteAsync(job.Id, JobPaths.Manifest(attempt), BinaryData.FromObjectAsJson(manifest, RegistryJson.Options), cancellationToken);
        await files.WriteAsync(job.Id, JobPaths.Bootstrap(attempt), BinaryData.FromString(Bootstrap.Source), cancellationToken);
        var source = (await files.ReadUrlAsync(job.Id, JobPaths.Bootstrap(attempt), life, cancellationToken)).AbsoluteUri;
        var told = (await files.ReadUrlAsync(job.Id, JobPaths.Manifest(attempt), life, cancellationToken)).AbsoluteUri;
        var task = new ComputeTask
        {
            Id = new ComputeId(job.Id, attempt),
            Resources = options.Resources,
            Command = Bootstrap.Command,
            SecureEnvironment = new Dictionary<string, string>
            {
                [Bootstrap.SourceVariable] = source,
                [Bootstrap.ManifestVariable] = told,
            },
            Urls = [source, told, manifest.LogUrl, manifest.MetricsUrl, manifest.ExitUrl, manifest.FilesUrl, .. manifest.Inputs.Values.Select(input => input.Url)],
            Timeout = timeout,
        };
        try
        {
            return new Result(await backend.StartAsync(task, cancellationToken));
        }
        catch (ComputeFailedException e)
        {
            return new Result(false, e.Message);
        }
    }

    private async Task<BootstrapManifest> ManifestAsync(Job job, TrainOptions options, int attempt, TimeSpan life, CancellationToken cancellationToken)
    {
        var inputs = new Dictionary<string, BootstrapManifest.Input>();
        foreach (var input in job.Inputs)
            inputs[input.Name] = new((await artifacts.GetReadUrlAsync(input.Sha256, life, cancellationToken)).AbsoluteUri, input.Sha256, input.FileName);

        var secrets = await JobSecrets.ReadAsync(files, job.Id, limits.EnvironmentBytes * 8L, cancellationToken);
        // The script gets the data set, not its URL.
        secrets.Remove(DatasetSource.UrlSecret);
        var environment = options.Environment.Where(variable => !variable.Value.IsSecret).ToDictionary(variable => variable.Key, variable => variable.Value.Value);
        foreach (var (name, value) in secrets)
            environment[name] = value;
        if (options.Tracking)
        {
            foreach (var (name, value) in await tokens.EnvironmentAsync(job, life, cancellationToken))
                environment[name] = value;
            secrets[RunTokens.TokenVariable] = environment[RunTokens.TokenVariable];
        }

        return new BootstrapManifest
        {
            Job = job.Id,
            Attempt = attempt,
            Model = job.Model,
            ModelFile = options.ModelFile,
            Inputs = inputs,
            Arguments = options.Arguments,
            Environment = environment,
            Secrets = [.. secrets.Keys],
            LogUrl = (await files.FileUrlAsync(job.Id, JobPaths.Log(attempt), AppendAccess, life, cancellationToken)).AbsoluteUri,
            MetricsUrl = (await files.FileUrlAsync(job.Id, JobPaths.Metrics(attempt), AppendAccess, life, cancellationToken)).AbsoluteUri,
            ExitUrl = (await files.FileUrlAsync(job.Id, JobPaths.Exit(attempt), JobFileAccess.Read | JobFileAccess.Create, life, cancellationToken)).AbsoluteUri,
            FilesUrl = (await files.FilesUrlAsync(job.Id, life, cancellationToken)).AbsoluteUri,
            FilesPrefix = JobPaths.Attempt(attempt),
            Limits = new(limits.LogBytes, limits.LogLineBytes, limits.OutputBytes, limits.OutputFiles),
        };
    }
}

/// <summary>Polls an attempt's state, and stores the output that the backend caught, since a service keeps little of it or only for a while.</summary>
public sealed class WatchCompute(JobStore jobs, JobFiles files, IComputeBackend backend, LiveMetrics metrics, TimeProvider time)
{
    /// <summary>The state of the attempt.</summary>
    /// <param name="IsRunning">Whether it runs, or ran.</param>
    /// <param name="IsOver">Whether it has ended, or is lost.</param>
    public sealed record Result(bool IsRunning, bool IsOver);

    // A script that ends within seconds is waited for here: each round of the orchestrator's own timer costs about a second.
    private static readonly TimeSpan YoungAge = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan YoungWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(0.1);

    /// <summary>Polls the state of an attempt; of one that has just begun, for up to a second.</summary>
    [Function(ActivityNames.WatchCompute)]
    public async Task<Result> Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken)
    {
        var status = await backend.GetStatusAsync(id, cancellationToken);
        // bootstrap.py writes this last; services take a while to notice that a container has ended.
        var isOver = status.State is ComputeState.Exited or ComputeState.Missing || await HasExitAsync(id, cancellationToken);
        var isRunning = isOver || status.State == ComputeState.Running;
        if (isRunning)
        {
            var job = await MarkRunningAsync(id, cancellationToken);
            if (!isOver && job.Attempts.FirstOrDefault(attempt => attempt.Number == id.Attempt) is { } running && time.GetUtcNow() - running.Started < YoungAge)
                isOver = await EndsSoonAsync(id, cancellationToken);
            await metrics.CatchUpAsync(job, cancellationToken);
        }
        await BackendLog.KeepAsync(backend, files, id, cancellationToken);
        return new Result(isRunning, isOver);
    }

    private async Task<bool> EndsSoonAsync(ComputeId id, CancellationToken cancellationToken)
    {
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < YoungWait;)
        {
            await Task.Delay(LookInterval, time, cancellationToken);
            if (await HasExitAsync(id, cancellationToken))
                return true;
        }
        return false;
    }

    private async Task<bool> HasExitAsync(ComputeId id, CancellationToken cancellationToken) =>
        await files.GetPropertiesAsync(id.Job, JobPaths.Exit(id.Attempt), cancellationToken) is not null;

    // The job with the attempt.
    private async Task<Job> MarkRunningAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var job = await jobs.GetAsync(id.Job, cancellationToken);
        if (job.Attempts.Any(attempt => attempt.Number == id.Attempt))
            return job;
        var now = time.GetUtcNow();
        return await jobs.UpdateAsync(
            id.Job,
            other => other.Attempts.Any(attempt => attempt.Number == id.Attempt) ? other : other with
            {
                State = JobState.Running,
                Started = other.Started ?? now,
                Attempts = [.. other.Attempts, new JobAttempt(id.Attempt, now)],
                Steps = [.. other.Steps, new JobStep("run", id.Attempt, now)],
            },
            cancellationToken);
    }
}

/// <summary>Asks the backend to stop an attempt.</summary>
public sealed class StopCompute(IComputeBackend backend)
{
    /// <summary>Stops an attempt; it returns before the attempt has ended.</summary>
    [Function(ActivityNames.StopCompute)]
    public Task Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken) => backend.StopAsync(id, cancellationToken);
}

/// <summary>Deletes the compute of an attempt and the input of its bootstrap.py.</summary>
public sealed class DeleteCompute(JobFiles files, IComputeBackend backend)
{
    /// <summary>Deletes the compute of an attempt; after it nothing of the attempt runs.</summary>
    [Function(ActivityNames.DeleteCompute)]
    public async Task Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken)
    {
        await backend.DeleteAsync(id, cancellationToken);
        await files.DeleteFileAsync(id.Job, JobPaths.Manifest(id.Attempt), cancellationToken);
        await files.DeleteFileAsync(id.Job, JobPaths.Bootstrap(id.Attempt), cancellationToken);
    }
}
