using System.Diagnostics;
using System.Diagnostics.Metrics;
using Larder.Registry.Models;

namespace Larder.Functions.Prediction;

/// <summary>What is counted for each prediction: requests and seconds by model, version and status.</summary>
public sealed class PredictionMetrics
{
    private readonly Counter<long> _requests;
    private readonly Counter<long> _errors;
    private readonly Histogram<double> _seconds;
    private long _inFlight;

    /// <summary>Creates the instruments.</summary>
    public PredictionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Larder.Functions");
        _requests = meter.CreateCounter<long>("larder.prediction.requests", null, "Predictions asked for, by model and version.");
        _errors = meter.CreateCounter<long>("larder.prediction.errors", null, "Predictions not answered with 200, by model, version and status.");
        _seconds = meter.CreateHistogram<double>("larder.prediction.duration", "s", "Time from the request's headers to the answer's last byte.");
        meter.CreateObservableUpDownCounter("larder.prediction.in_flight", () => Interlocked.Read(ref _inFlight), null, "Predictions being worked on.");
    }

    /// <summary>A prediction began; returns its time stamp.</summary>
    public long Begin()
    {
        Interlocked.Increment(ref _inFlight);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>A prediction ended.</summary>
    /// <param name="began">What <see cref="Begin"/> returned.</param>
    /// <param name="model">The version that was asked; null when the reference names none, so that callers cannot invent labels.</param>
    /// <param name="status">HTTP status of the answer.</param>
    public void End(long began, ResolvedModel? model, int status)
    {
        Interlocked.Decrement(ref _inFlight);
        var name = new KeyValuePair<string, object?>("model", model?.Servable.Name ?? "");
        var version = new KeyValuePair<string, object?>("version", model?.Servable.Version ?? "");
        _requests.Add(1, name, version);
        _seconds.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, name, version);
        if (status != 200)
            _errors.Add(1, name, version, new KeyValuePair<string, object?>("status", status));
    }
}
