using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Larder.Inference.Metrics;

namespace Larder.Inference.Tests;

/// <summary>Everything that one set of instruments measures.</summary>
internal sealed class Metered : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _measured = new();

    public Metered(InferenceMetrics metrics)
    {
        // Other tests measure with instruments of the same name.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Loads.Meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public double[] this[string name] => [.. _measured.Where(measured => measured.Name == name).Select(measured => measured.Value)];

    public string[] Tags(string name) => [.. _measured.Where(measured => measured.Name == name).Select(measured => measured.Tags).Distinct()];

    public void Observe() => _listener.RecordObservableInstruments();

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Enqueue((instrument.Name, value, string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
}
