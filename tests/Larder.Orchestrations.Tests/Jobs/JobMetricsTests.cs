using System.Diagnostics.Metrics;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Orchestrations.Tests.Jobs;

public sealed class JobMetricsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly JobMetrics _metrics;
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, double> _measured = [];

    public JobMetricsTests()
    {
        _metrics = new JobMetrics(_time);
        // Other tests measure with instruments of the same name.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, _metrics.Meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public void Before_the_first_report_there_is_nothing() => Assert.Empty(Measure());

    [Fact]
    public void Jobs_are_counted_by_type_and_state_with_the_wait_of_the_oldest()
    {
        _metrics.Report([Job("train", JobState.Queued, 5), Job("train", JobState.Queued, 90), Job("train", JobState.Running, 200), Job("score", JobState.Running, 300)]);

        Assert.Equal(
            new Dictionary<string, double>
            {
                ["larder.jobs.active train queued"] = 2,
                ["larder.jobs.active train running"] = 1,
                ["larder.jobs.active score queued"] = 0,
                ["larder.jobs.active score running"] = 1,
                ["larder.jobs.queue_age train"] = 90,
                ["larder.jobs.queue_age score"] = 0,
            },
            Measure());
    }

    [Fact]
    public void A_type_whose_jobs_are_over_is_reported_with_zeros()
    {
        _metrics.Report([Job("train", JobState.Queued, 5)]);
        _metrics.Report([]);
        _metrics.Report([]);

        Assert.Equal(
            new Dictionary<string, double> { ["larder.jobs.active train queued"] = 0, ["larder.jobs.active train running"] = 0, ["larder.jobs.queue_age train"] = 0 },
            Measure());
    }

    [Fact]
    public void A_server_that_does_not_look_any_more_reports_nothing_until_it_looks_again()
    {
        _metrics.Report([Job("train", JobState.Running, 5)]);

        _time.Advance(JobMetrics.Validity);
        Assert.NotEmpty(Measure());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(Measure());

        _metrics.Report([Job("train", JobState.Running, 5)]);
        Assert.NotEmpty(Measure());
    }

    [Fact]
    public void A_job_of_a_server_whose_clock_is_ahead_has_not_waited()
    {
        _metrics.Report([Job("train", JobState.Queued, -30)]);

        Assert.Equal(0, Measure()["larder.jobs.queue_age train"]);
    }

    private Dictionary<string, double> Measure()
    {
        _measured.Clear();
        _listener.RecordObservableInstruments();
        return new(_measured);
    }

    private Job Job(string type, JobState state, double seconds)
    {
        var created = _time.GetUtcNow() - TimeSpan.FromSeconds(seconds);
        return new Job { Id = JobId.Create(created), Type = type, State = state, Model = "iris", Created = created };
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Add($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(tag => tag.Value))}", value);
}
