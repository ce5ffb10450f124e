using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>
/// Stops a run that is cancelled or takes too long, at its next node: a single long node cannot be interrupted. One guard serves one run
/// after another. Its timer is not set anew for each run, which would cost more than a small model's run: it is left to fire, and
/// then looks at the clock.
/// </summary>
internal sealed class RunGuard : IDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private CancellationTokenRegistration _registration;
    private long _started;
    private bool _armed;
    private bool _running;

    public RunGuard(TimeProvider time, double seconds)
    {
        _time = time;
        _limit = TimeSpan.FromSeconds(seconds);
        // Failed runs are reported by their exception; ONNX Runtime would also print them.
        Options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        _timer = time.CreateTimer(static guard => ((RunGuard)guard!).LookAtClock(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What the run must be given.</summary>
    public RunOptions Options { get; }

    /// <summary>Whether the last run was stopped for its time.</summary>
    public bool TimedOut { get; private set; }

    /// <summary>Called just before a run.</summary>
    public void Start(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            TimedOut = false;
            _running = true;
            _started = _time.GetTimestamp();
            if (!_armed)
                Arm(_limit);
        }

        _registration = cancellationToken.UnsafeRegister(static guard => ((RunGuard)guard!).Cancel(), this);
    }

    /// <summary>Called just after a run.</summary>
    public void Stop()
    {
        // Waits for a callback under way, so that it cannot stop the next run.
        _registration.Dispose();
        lock (_gate)
        {
            _running = false;
            Options.Terminate = false;
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        Options.Dispose();
    }

    private void Arm(TimeSpan due)
    {
        _armed = true;
        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private void Cancel()
    {
        lock (_gate)
        {
            if (_running)
                Options.Terminate = true;
        }
    }

    private void LookAtClock()
    {
        lock (_gate)
        {
            _armed = false;
            if (!_running)
                return;
            var left = _limit - _time.GetElapsedTime(_started);
            TimedOut = left <= TimeSpan.Zero;
            if (TimedOut)
                Options.Terminate = true;
            else
                Arm(left + TimeSpan.FromMilliseconds(1));
        }
    }
}
