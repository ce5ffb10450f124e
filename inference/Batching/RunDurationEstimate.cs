namespace Larder.Inference.Batching;

/// <summary>
/// How long a model's small requests run, by experience: the shortest time of late. One run that was held up by the machine hardly shows, and
/// a real change does after some dozens of runs.
/// </summary>
internal sealed class RunDurationEstimate
{
    private const double Rise = 1.02;

    // The first run lays out memory, and is not typical.
    private bool _first = true;
    private double _seconds;

    /// <summary>Seconds; 0 while there is no experience.</summary>
    public double Seconds => Volatile.Read(ref _seconds);

    /// <summary>Learns from a run of one request. Concurrent calls may lose one, which does not matter.</summary>
    public void Add(TimeSpan run)
    {
        if (_first)
        {
            _first = false;
            return;
        }

        var known = Seconds;
        Volatile.Write(ref _seconds, known == 0 ? run.TotalSeconds : Math.Min(run.TotalSeconds, known * Rise));
    }
}
