using System.Globalization;
using System.Text.Json;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Larder.Tracking;
using Larder.Tracking.Experiments;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;

namespace Larder.Orchestrations.Training.Runs;

/// <summary>
/// Every training is a run, in the experiment that is named after its model: its options are params, its data set an input, what its script measures are metrics. The job's document
/// decides, and the run follows it; each call may be repeated.
/// </summary>
public sealed class TrainingRuns(ExperimentStore experiments, RunStore runs, LiveMetrics live, RunTokens tokens, TimeProvider time)
{
    /// <summary>The run's tag with the job's id.</summary>
    public const string JobTag = "larder.job";

    /// <summary>The run's tag with the model's name.</summary>
    public const string ModelTag = "larder.model";

    /// <summary>The run's tag with the version that was made.</summary>
    public const string VersionTag = "larder.version";

    /// <summary>The run's tag with the SHA-256 of the script.</summary>
    public const string ScriptTag = "larder.script.sha256";

    // MLflow's own digests have eight characters; two data sets must not look the same here.
    private const int DigestLength = 32;

    /// <summary>Creates the run of a job, or finds it.</summary>
    /// <returns>The run's id.</returns>
    public async Task<string> BeginAsync(Job job, CancellationToken cancellationToken)
    {
        var experiment = await experiments.OpenAsync(job.Model, cancellationToken);
        var script = job.Inputs.FirstOrDefault(input => input.Name == "script");
        var tags = new Dictionary<string, string> { [RunTags.Name] = job.Id, [JobTag] = job.Id, [ModelTag] = job.Model, [RunTags.SourceType] = "JOB" };
        if (job.Owner is { } owner)
            tags[RunTags.User] = owner;
        if (script is not null)
            (tags[RunTags.SourceName], tags[ScriptTag]) = (script.FileName, script.Sha256);
        var options = JobOptions.Of<TrainOptions>(job);
        foreach (var (name, value) in options.Tags.Where(tag => TrackingRules.IsKey(tag.Key)))
            tags.TryAdd(name, value);
        var run = await runs.CreateAsync(new NewRun(experiment.Id, job.Id, job.Owner ?? "", job.Created.ToUnixTimeMilliseconds(), tags, job.Id), cancellationToken);

        var key = new RunKey(run.Id, ByJob: true);
        foreach (var some in ParamsOf(options).Chunk(TrackingRules.BatchParams))
            await runs.LogAsync(key, new LogBatch([], some, []), cancellationToken);
        if (job.Inputs.FirstOrDefault(input => input.Name == FoundDataset.InputName) is { } data)
        {
            var source = JsonSerializer.Serialize(new { uri = job.Source ?? data.FileName, sha256 = data.Sha256 });
            var context = new Dictionary<string, string> { [DatasetInput.ContextTag] = "training" };
            await runs.LogInputsAsync(key, [new DatasetInput(data.FileName, data.Sha256[..DigestLength], "larder", source, null, null, context)], [], cancellationToken);
        }

        return run.Id;
    }

    /// <summary>Logs what an attempt that ended has measured: its metrics file, each number behind the points of that name.</summary>
    public async Task CollectAsync(Job job, IReadOnlyDictionary<string, double> metrics, CancellationToken cancellationToken)
    {
        if (job.Run is not { } id)
            return;
        await live.CatchUpAsync(job, cancellationToken);
        await LogAsync(job, id, metrics, cancellationToken);
    }

    /// <summary>Ends the run of a job, whatever the script made of it, and the token of its script.</summary>
    /// <param name="job">The job, of which nothing runs any more; one of another type has no run.</param>
    /// <param name="state">The state that it ends in.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task EndAsync(Job job, JobState state, CancellationToken cancellationToken)
    {
        if (job.Type != TrainJob.Type)
            return;
        await tokens.RevokeAsync(job, cancellationToken);
        var id = job.Run ?? await BeginAsync(job, cancellationToken);
        var (key, status) = (new RunKey(id, ByJob: true), state switch { JobState.Succeeded => RunStatus.Finished, JobState.Canceled => RunStatus.Killed, _ => RunStatus.Failed });
        try
        {
            if (job.Version is { } version)
                await runs.SetTagAsync(key, VersionTag, version.ToString(CultureInfo.InvariantCulture), cancellationToken);
            await runs.UpdateAsync(key, status, time.GetUtcNow().ToUnixTimeMilliseconds(), name: null, cancellationToken);
        }
        catch (Exception e) when (e is NotFoundException or InvalidRequestException)
        {
            // It was deleted with its experiment, which is the caller's to do.
        }
    }

    /// <summary>Deletes the run of a job that is deleted, so that it can be restored for a time.</summary>
    public async Task DeleteAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            if (job.Run is { } id)
                await runs.DeleteAsync(new RunKey(id, ByJob: true), cancellationToken);
        }
        catch (NotFoundException)
        {
            // It was deleted for good.
        }
    }

    private async Task LogAsync(Job job, string id, IReadOnlyDictionary<string, double> metrics, CancellationToken cancellationToken)
    {
        if (metrics.Count == 0)
            return;
        var known = (await runs.GetAsync(id, cancellationToken)).Metrics;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        LoggedMetric[] points = [.. metrics.Where(metric => TrackingRules.IsKey(metric.Key) && !(known.TryGetValue(metric.Key, out var last) && last.Value.Equals(metric.Value)))
            .Select(metric => new LoggedMetric(metric.Key, new MetricPoint(known.TryGetValue(metric.Key, out var last) ? last.Step : 0, now, metric.Value)))];
        await live.LogAsync(job, id, points, cancellationToken);
    }

    /// <summary>Options as params: what the script is told, and on what it runs. Arguments of the form --name=value or --name value are params of their own.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> ParamsOf(TrainOptions options)
    {
        var found = new Dictionary<string, string>();
        for (var i = 0; i < options.Arguments.Count; i++)
        {
            if (!options.Arguments[i].StartsWith("--", StringComparison.Ordinal))
                continue;
            var (name, value) = options.Arguments[i][2..].Split('=', 2) is [var left, var right] ? (left, right)
                : i + 1 < options.Arguments.Count && !options.Arguments[i + 1].StartsWith("--", StringComparison.Ordinal) ? (options.Arguments[i][2..], options.Arguments[i + 1])
                : (options.Arguments[i][2..], "true");
            found.TryAdd(name, value);
        }

        if (options.Arguments.Count > 0)
            found.TryAdd("arguments", JsonSerializer.Serialize(options.Arguments, RegistryJson.Options));
        foreach (var (name, value) in options.Environment.Where(variable => !variable.Value.IsSecret))
            found.TryAdd($"environment.{name}", value.Value);
        Add("image", options.Image);
        Add("cpu", options.Cpu);
        Add("memoryGb", options.MemoryGb);
        Add("gpu", options.Gpu == 0 ? null : options.Gpu);
        return found.Where(param => TrackingRules.IsKey(param.Key))
            .Select(param => KeyValuePair.Create(param.Key, param.Value.Length <= TrackingRules.ParamLength ? param.Value : param.Value[..TrackingRules.ParamLength]));

        void Add(string name, IConvertible? value)
        {
            if (value is not null)
                found.TryAdd(name, value.ToString(CultureInfo.InvariantCulture));
        }
    }
}
