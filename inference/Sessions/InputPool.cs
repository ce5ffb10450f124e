using System.Collections.Concurrent;
using Larder.Inference.Tensors;

namespace Larder.Inference.Sessions;

/// <summary>Keeps a model's <see cref="PredictionInputs"/> between predictions. Renting from it allocates nothing once it is warm.</summary>
/// <param name="create">Makes one.</param>
/// <param name="kept">What all models' pools keep together.</param>
internal sealed class InputPool(Func<PredictionInputs> create, PooledBytes kept)
{
    // More requests than this hold inputs at once only under overload, where an allocation more does not count.
    private const int MostKept = 64;

    // Of inputs as large as images, fewer are kept.
    private const long MostBytes = 16 << 20;

    private readonly ConcurrentQueue<PredictionInputs> _free = new();
    private int _count;
    private long _bytes;
    private volatile bool _closed;

    public PredictionInputs Rent()
    {
        if (!_free.TryDequeue(out var inputs))
            return create().Rent();
        Forget(inputs);
        return inputs.Rent();
    }

    public void Return(PredictionInputs inputs)
    {
        if (Interlocked.Increment(ref _count) > MostKept | Interlocked.Add(ref _bytes, inputs.Bytes) > MostBytes | kept.Add(inputs.Bytes) > PooledBytes.Most)
        {
            Forget(inputs);
            inputs.Free();
            return;
        }

        _free.Enqueue(inputs);
        // Returned after its model was freed: nobody else will empty the pool.
        if (_closed)
            Close();
    }

    public void Close()
    {
        _closed = true;
        while (_free.TryDequeue(out var inputs))
            inputs.Free();
    }

    private void Forget(PredictionInputs inputs)
    {
        Interlocked.Decrement(ref _count);
        Interlocked.Add(ref _bytes, -inputs.Bytes);
        kept.Add(-inputs.Bytes);
    }
}

/// <summary>Bytes of inputs that are kept for later, of all models: many loaded models must not each keep as much as a busy one.</summary>
internal sealed class PooledBytes
{
    /// <summary>The most.</summary>
    public const long Most = 64 << 20;

    private long _bytes;

    /// <summary>Counts bytes, and says how many there are now.</summary>
    public long Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
