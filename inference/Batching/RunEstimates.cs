namespace Larder.Inference.Batching;

/// <summary>
/// Estimates the duration of a run of one request as a slowly rising minimum of recent runs. One run that was held up by the machine hardly changes it;
/// a real change shows after some dozens of runs.
/// </summary>
internal sealed class RunDurationEstimate
{
    private const double Rise = 1.02;

    // The first run lays out memory and is not typical.
    private bool _first = true;
    private double _seconds;

    /// <summary>Seconds; 0 before the second run.</summary>
    public double Seconds => Volatile.Read(ref _seconds);

    /// <summary>Adds the duration of a run of one request. A concurrent call may be lost, which does not matter.</summary>
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

/// <summary>
/// How long runs take by their rows: seconds = a * rows + b, by least squares over the recent runs, as in BentoML's adaptive batching
/// (https://github.com/bentoml/BentoML, CorkDispatcher). Not safe for concurrent use.
/// </summary>
internal struct RunLatency
{
    // A run counts half as much after 23 later ones.
    private const double Decay = 0.97;

    private double _runs;
    private double _rows;
    private double _seconds;
    private double _rowsSquared;
    private double _products;

    /// <summary>Adds a run.</summary>
    public void Add(long rows, double seconds)
    {
        _runs = _runs * Decay + 1;
        _rows = _rows * Decay + rows;
        _seconds = _seconds * Decay + seconds;
        _rowsSquared = _rowsSquared * Decay + (double)rows * rows;
        _products = _products * Decay + rows * seconds;
    }

    /// <summary>Seconds of a number of runs with a number of rows in all; 0 before the first run was added.</summary>
    public readonly double Predict(double runs, double rows)
    {
        if (_runs == 0)
            return 0;
        var spread = _runs * _rowsSquared - _rows * _rows;
        // Runs that all had the same number of rows do not tell what a row costs.
        var perRow = spread > 1e-6 * _rowsSquared * _runs ? Math.Max(0, (_runs * _products - _rows * _seconds) / spread) : 0;
        var perRun = Math.Max(0, (_seconds - perRow * _rows) / _runs);
        return perRow * rows + perRun * runs;
    }

    /// <summary>Seconds of a run as they were of late.</summary>
    public readonly double Mean => _runs == 0 ? 0 : _seconds / _runs;
}
