using System.Runtime.CompilerServices;
using Larder.Inference.Batching;
using Larder.Inference.Limits;
using Larder.Inference.Metrics;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>A model in memory, ready to run; safe for concurrent use. Reached through a <see cref="SessionLease"/>, which keeps it alive.</summary>
public sealed class LoadedModel
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)];

    private readonly InferenceSession _session;
    private readonly Action<LoadedModel> _freed;
    private readonly LeaseCounter _leases = new();
    private readonly InputPool _inputs;
    private long _lastUsed;

    internal LoadedModel(ServableModel model, InferenceSession session, SessionCache cache, Action<LoadedModel> freed)
    {
        var (limits, timeProvider) = (cache.Limits, cache.TimeProvider);
        Model = model;
        Limits = limits;
        TimeProvider = timeProvider;
        Metrics = new ModelMetrics(cache.Metrics, model);
        Bytes = SessionBuilder.EstimateBytes(model);
        _session = session;
        _freed = freed;
        _lastUsed = timeProvider.GetTimestamp();
        var names = PredictionInputs.Names(Signature);
        _inputs = new InputPool(() => new PredictionInputs(Signature, names, limits, cache.Memory.Work, timeProvider, Return), cache.PooledInputs);
        Queue = new RunQueue(this, new ModelRunner(model, session, cache, Metrics), cache.Threads);
    }

    /// <summary>What is loaded.</summary>
    public ServableModel Model { get; }

    /// <summary>Inputs and outputs.</summary>
    public ModelSignature Signature => Model.Description.Signature;

    /// <summary>What the model's owner has set.</summary>
    public ModelSettings Settings => Model.Settings;

    internal InferenceLimits Limits { get; }

    internal TimeProvider TimeProvider { get; }

    internal ModelMetrics Metrics { get; }

    /// <summary>Bytes that it is counted with.</summary>
    internal long Bytes { get; }

    /// <summary>Its runs, and the requests that wait for one.</summary>
    internal RunQueue Queue { get; }

    internal int Leases => _leases.Count;

    /// <summary>When it was last leased, as the time provider's timestamp.</summary>
    internal long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>Memory for the inputs of one prediction.</summary>
    public PredictionInputs RentInputs() => _inputs.Rent();

    /// <summary>
    /// Runs the model. The inputs must not be touched until this has completed, but for their <see cref="PredictionInputs.Dispose"/> after it.
    /// A run starts at once while fewer are under way than the machine has cores for, a short one on the calling thread; otherwise it waits, and may
    /// be run together with others.
    /// </summary>
    /// <exception cref="InvalidInputException">The model cannot take this input.</exception>
    /// <exception cref="ModelBusyException">Too many requests wait already.</exception>
    /// <exception cref="MemoryBusyException">Other runs have the memory that this one needs.</exception>
    /// <exception cref="RunTimeoutException">The run took too long.</exception>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public ValueTask<PredictionOutputs> RunAsync(PredictionInputs inputs, CancellationToken cancellationToken)
    {
        var running = Queue.RunAsync(inputs, cancellationToken);
        return running.IsCompletedSuccessfully ? running : AgainAsync(running, inputs, alone: false, cancellationToken);
    }

    /// <summary>As <see cref="RunAsync"/>, but never together with others: so the same inputs give the same bits, whoever else asks at the time.</summary>
    internal ValueTask<PredictionOutputs> RunAloneAsync(PredictionInputs inputs, CancellationToken cancellationToken) =>
        AgainAsync(Queue.RunAsync(inputs, cancellationToken, alone: true), inputs, alone: true, cancellationToken);

    internal bool TryLease()
    {
        if (!_leases.TryAdd())
            return false;
        Volatile.Write(ref _lastUsed, TimeProvider.GetTimestamp());
        return true;
    }

    internal void Release()
    {
        if (_leases.Release())
            Free();
    }

    /// <summary>Ends new leases, and frees the session when the last one has ended.</summary>
    internal void Close()
    {
        if (_leases.Close())
            Free();
    }

    // What other runs have, they will give back soon: the wait is not the caller's to program.
    // Every request that waits in the queue comes through here, so its state is pooled.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PredictionOutputs> AgainAsync(ValueTask<PredictionOutputs> running, PredictionInputs inputs, bool alone, CancellationToken cancellationToken)
    {
        foreach (var pause in Pauses)
        {
            try
            {
                return await running;
            }
            catch (MemoryBusyException)
            {
                await Task.Delay(pause, TimeProvider, cancellationToken);
                running = Queue.RunAsync(inputs, cancellationToken, alone);
            }
        }

        return await running;
    }

    private void Return(PredictionInputs inputs) => _inputs.Return(inputs);

    private void Free()
    {
        _inputs.Close();
        _session.Dispose();
        _freed(this);
    }
}
