using System.Diagnostics.Metrics;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Jobs;

/// <summary>
/// The jobs that are not over, as instruments of the meter <see cref="MeterName"/>, by <c>type</c>. They are what <see cref="JobReconciler"/> last found: a scrape reads no storage.
/// </summary>
/// <remarks>Of several servers the one reports whose timer fired last, or two of them while they change: an aggregation takes the maximum, not the sum.</remarks>
public sealed class JobMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Larder.Jobs";

    /// <summary>Three runs of the reconciler. What is older is reported no more: another server has the timer, or no jobs can be read.</summary>
    internal static readonly TimeSpan Validity = TimeSpan.FromMinutes(3);

    private static readonly (JobState State, string Name)[] States = [(JobState.Queued, "queued"), (JobState.Running, "running")];

    private readonly Meter _meter;
    private readonly TimeProvider _time;
    private volatile Snapshot? _last;

    /// <param name="time">For the age of what was found.</param>
    /// <param name="factory">Creates the meter; null creates one that is disposed with this.</param>
    public JobMetrics(TimeProvider time, IMeterFactory? factory = null)
    {
        _time = time;
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _meter.CreateObservableGauge("larder.jobs.active", () => Valid()?.Active ?? [], "{job}", "Jobs that are not over, by type and state (queued, running).");
        _meter.CreateObservableGauge("larder.jobs.queue_age", () => Valid()?.QueueAges ?? [], "s", "For how long the oldest queued job has been queued, by type; 0 when none is.");
    }

    internal Meter Meter => _meter;

    /// <summary>Takes the jobs that are not over, as they are now. A type that once had such jobs is reported from then on, with zeros.</summary>
    internal void Report(IReadOnlyCollection<Job> active)
    {
        var now = _time.GetUtcNow();
        string[] types = [.. active.Select(job => job.Type).Union(_last?.Types ?? [])];
        var counts = active.ToLookup(job => (job.Type, job.State));
        _last = new Snapshot(
            now,
            types,
            [.. types.SelectMany(type => States.Select(state => new Measurement<int>(counts[(type, state.State)].Count(), Tag("type", type), Tag("state", state.Name))))],
            [.. types.Select(type => new Measurement<double>(Age(counts[(type, JobState.Queued)]), Tag("type", type)))]);

        // The clocks of two servers differ.
        double Age(IEnumerable<Job> queued) => queued.Select(job => Math.Max((now - job.Created).TotalSeconds, 0)).DefaultIfEmpty().Max();
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private Snapshot? Valid() => _last is { } last && _time.GetUtcNow() - last.Taken <= Validity ? last : null;

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private sealed record Snapshot(DateTimeOffset Taken, string[] Types, Measurement<int>[] Active, Measurement<double>[] QueueAges);
}
