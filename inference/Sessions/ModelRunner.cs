using System.Diagnostics;
using Larder.Inference.Batching;
using Larder.Inference.Caching;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Metrics;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>Runs the session of one loaded model, on the calling thread. A request of one row is run into memory that is used again, if the model's outputs allow that (<see cref="BoundOutputs"/>).</summary>
internal sealed class ModelRunner(ServableModel model, InferenceSession session, RunResources resources, ModelMetrics? metrics)
{
    private readonly OnnxEnvironment _environment = resources.Environment;
    private readonly string[] _inputNames = [.. model.Description.Signature.Inputs.Select(input => input.Name)];
    private readonly string[] _outputNames = [.. model.Description.Signature.Outputs.Select(output => output.Name)];
    private readonly bool _returnsInputs = ReturnsInputs(model.Description.Signature);

    // Not in trials, which run the same inputs in several sessions.
    private volatile bool _binds = metrics is not null && BoundOutputs.Suit(model);

    /// <summary>Runs the session once.</summary>
    /// <param name="inputs">The inputs of one request, or the merged rows of several.</param>
    /// <param name="members">The requests that run together, each of which must release the result; empty for one that did not wait.</param>
    /// <param name="guard">Stops the run when it is cancelled or takes too long.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <exception cref="InvalidInputException">A node of the model rejected the input, the run needs more memory than all runs may have, or its outputs are too large.</exception>
    /// <exception cref="MemoryBusyException">Other runs hold the memory.</exception>
    /// <exception cref="RunTimeoutException">The run took longer than <see cref="InferenceLimits.RunSeconds"/>.</exception>
    public OutputValues Run(PredictionInputs inputs, IReadOnlyList<QueuedRun> members, RunGuard guard, CancellationToken cancellationToken)
    {
        var (names, values) = inputs.HasOptional ? inputs.ToNamedOrtValues() : (_inputNames, inputs.ToOrtValues());
        if (model.Description.RefusesEmptyInputs && inputs.FirstEmpty is { } empty)
            throw InputError.Got(empty, $"no elements, which {model.Name} cannot take");
        // A run without metrics is a trial, of no request.
        using var span = metrics is null ? null : InferenceSpans.Run(model, inputs, members);
        var started = Stopwatch.GetTimestamp();
        guard.Start(cancellationToken);
        _environment.Begin();
        try
        {
            var bound = _binds && !_returnsInputs && members.Count <= 1 && inputs.Rows == 1 ? Bound(inputs, values) : null;
            if (bound is not null && TryRun(bound, guard, cancellationToken))
                return bound.Give(Stopwatch.GetElapsedTime(started));
            var result = new RunResult(RunSession(guard.Options, names, values), _returnsInputs ? inputs : null, model, Math.Max(1, members.Count), Stopwatch.GetElapsedTime(started), resources) { Rows = Math.Max(1, inputs.Rows) };
            // What fails with bound outputs, and not without, has outputs of other shapes than the signature says.
            if (bound is not null)
                _binds = false;
            return result;
        }
        catch (OnnxRuntimeException) when (guard.TimedOut)
        {
            var failure = new RunTimeoutException($"A run of {model.Name}:{model.Version} took longer than {resources.Limits.RunSeconds} s and was stopped.");
            InferenceSpans.Fail(span, failure);
            throw failure;
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OnnxRuntimeException failure)
        {
            var reason = OnnxFailure.FromRun(failure, model, _environment);
            if (OnnxFailure.IsLackOfMemory(failure))
                resources.Metrics.Refused("runs", reason is MemoryBusyException ? "busy" : "too_large");
            InferenceSpans.Fail(span, reason);
            throw reason;
        }
        finally
        {
            guard.Stop();
            _environment.End();
            if (metrics is { Enabled: true })
                metrics.RecordRun(Stopwatch.GetElapsedTime(started), Math.Max(1, inputs.Rows));
        }
    }

    private static bool ReturnsInputs(ModelSignature signature) => signature.Outputs.Any(output => signature.AllInputs.Any(input => input.Name == output.Name));

    // Inputs are bound the second time that they come with the same values: binding costs more than a run, and callers that send one row and then several would have it each time.
    private BoundOutputs? Bound(PredictionInputs inputs, OrtValue[] values)
    {
        if (inputs.Bound is { } bound && bound.Fit(values))
            return bound;
        if (!inputs.AreSteady(values))
            return null;
        inputs.Bound?.Dispose();
        return inputs.Bound = new BoundOutputs(session, model.Description.Signature, inputs, values, resources.Memory.Work);
    }

    private static bool TryRun(BoundOutputs bound, RunGuard guard, CancellationToken cancellationToken)
    {
        try
        {
            bound.Run(guard.Options);
            return true;
        }
        catch (OnnxRuntimeException) when (!guard.TimedOut && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private IDisposableReadOnlyCollection<OrtValue> RunSession(RunOptions options, string[] names, OrtValue[] values)
    {
        try
        {
            return session.Run(options, names, values, _outputNames);
        }
        catch (OnnxRuntimeException failure) when (OnnxFailure.BytesWanted(failure) <= _environment.RunBytes)
        {
            // The arena may be fragmented by free chunks that earlier runs of other sizes have left: return these, then try again.
            _environment.Shrink();
            return session.Run(options, names, values, _outputNames);
        }
    }
}

/// <summary>
/// Stops a run that is cancelled or takes too long, at its next node: a single long node cannot be interrupted. One guard serves one run
/// after another. Its timer is not set anew for each run, which would cost more than a small model's run: when it fires, it checks how long the run at that
/// moment has taken, and is set again for the rest.
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
        _timer = time.CreateTimer(static guard => ((RunGuard)guard!).CheckElapsed(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Options that the run must be started with.</summary>
    public RunOptions Options { get; }

    /// <summary>Whether the last run was stopped because it took too long.</summary>
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
        // Dispose waits for a callback under way, which could otherwise stop the next run.
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

    private void CheckElapsed()
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

/// <summary>The outputs that one request or several are answered with, each of which releases them; the last one to do so frees them.</summary>
internal abstract class OutputValues
{
    /// <summary>Duration of the run; 0 if there was none.</summary>
    public TimeSpan Time { get; protected set; }

    /// <summary>Rows of the run; one for a model without rows.</summary>
    public long Rows { get; init; } = 1;

    /// <summary>Bytes of one of the requests, on average.</summary>
    public abstract long BytesOfMember { get; }

    /// <summary>The value of an output.</summary>
    public abstract OrtValue this[int output] { get; }

    /// <summary>An output that is a tensor.</summary>
    /// <exception cref="InvalidInputException">It has too many elements or dimensions to be written.</exception>
    public virtual OutputView ViewOf(int output) => new(this[output]);

    /// <summary>Ends the use by one request.</summary>
    public abstract void Release();
}

/// <summary>
/// The output values of one run, shared by the requests that ran together: the last one to release them frees them. Their bytes count as in flight until then.
/// </summary>
internal sealed class RunResult : OutputValues
{
    // A node of a tree for each entry of a map, and the map itself.
    private const long MapBytes = 64;
    private const long TextBytes = 32;

    // Sequences of up to this many items are estimated without reading an item.
    private const int FewItems = 64;
    private const long ItemBytes = 1024;

    private readonly IDisposableReadOnlyCollection<OrtValue> _values;
    private readonly RunResources _resources;
    private readonly PredictionInputs? _held;
    private readonly int _members;
    private int _holders;

    /// <summary>Takes ownership of the values; frees them if they are too large.</summary>
    /// <param name="values">The outputs.</param>
    /// <param name="inputs">The inputs of the run if an output may share their memory; otherwise null.</param>
    /// <param name="model">The model.</param>
    /// <param name="holders">Number of requests that must <see cref="Release"/> the result.</param>
    /// <param name="time">Duration of the run.</param>
    /// <param name="resources">Limits and budget.</param>
    /// <exception cref="InvalidInputException">The values have more than <see cref="InferenceLimits.OutputBytes"/>.</exception>
    public RunResult(IDisposableReadOnlyCollection<OrtValue> values, PredictionInputs? inputs, ServableModel model, int holders, TimeSpan time, RunResources resources)
    {
        (_values, _resources, Time) = (values, resources, time);
        _members = _holders = holders;
        var outputs = model.Description.Signature.Outputs;
        try
        {
            for (var i = 0; i < outputs.Count; i++)
                Bytes += BytesOf(values[i], outputs[i]);
            if (Bytes > resources.Limits.OutputBytes)
            {
                resources.Metrics.Refused("runs", "too_large");
                throw new InvalidInputException(
                    $"{model.Name} cannot answer this input: its outputs have {InputError.Size(Bytes)}, more than a prediction may give out ({InputError.Size(resources.Limits.OutputBytes)}, Limits:OutputBytes). Ask for less at a time.");
            }
        }
        catch
        {
            values.Dispose();
            throw;
        }

        _held = inputs;
        _held?.Hold();
        resources.Memory.Work.Add(Bytes);
        if (IsLarge)
            resources.Environment.Begin();
    }

    /// <summary>Bytes of the values; an estimate for values that are not tensors of numbers.</summary>
    public long Bytes { get; }

    /// <summary>Average bytes for each of the requests that ran together.</summary>
    public override long BytesOfMember => Bytes / _members;

    private bool IsLarge => Bytes > OnnxEnvironment.LargeBytes;

    public override OrtValue this[int output] => _values[output];

    public override void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;
        _values.Dispose();
        _held?.Release();
        _resources.Memory.Work.Release(Bytes);
        if (IsLarge)
            _resources.Environment.End();
    }

    private static long BytesOf(OrtValue value, ValueSignature output) => output.Kind switch
    {
        ValueKind.Tensor when output.Datatype != Datatype.Bytes => value.GetTensorSizeInBytes(),
        ValueKind.Tensor => value.GetTensorTypeAndShape().ElementCount * TextBytes,
        ValueKind.Sequence => BytesOfItems(value),
        _ => MapBytes,
    };

    private static long BytesOfItems(OrtValue value)
    {
        var count = (long)value.GetValueCount();
        if (count <= FewItems)
            return count * ItemBytes;
        using var first = value.GetValue(0, OrtAllocator.DefaultInstance);
        return count * BytesOfItem(first);
    }

    private static long BytesOfItem(OrtValue item)
    {
        if (item.OnnxType == OnnxValueType.ONNX_TYPE_TENSOR)
            return item.GetTensorTypeAndShape() is { IsString: true } text ? text.ElementCount * TextBytes : item.GetTensorSizeInBytes();
        if (item.OnnxType != OnnxValueType.ONNX_TYPE_MAP)
            return MapBytes;
        using var keys = item.GetValue(0, OrtAllocator.DefaultInstance);
        return MapBytes * (1 + keys.GetTensorTypeAndShape().ElementCount);
    }
}

/// <summary>What the runs of all models share.</summary>
internal sealed class RunResources(InferenceLimits limits, InferenceMetrics metrics, MemoryBudget memory, TimeProvider time)
{
    public InferenceLimits Limits => limits;

    public InferenceMetrics Metrics => metrics;

    public MemoryBudget Memory => memory;

    public TimeProvider Time => time;

    public OnnxEnvironment Environment { get; } = OnnxEnvironment.Open(limits.MostRunBytes);

    public ResponseCache Responses { get; } = new(limits, memory.Work, metrics, time);

    public RunThreads Threads { get; } = new();

    public PooledBytes PooledInputs { get; } = new();
}
