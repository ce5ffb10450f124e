using System.Collections.Concurrent;

namespace Larder.Inference;

/// <summary>Keeps a model's <see cref="PredictionInputs"/> between predictions. Renting from it allocates nothing once it is warm.</summary>
internal sealed class InputPool(Func<PredictionInputs> create)
{
    // More requests than this parse at once only under overload, where an allocation more does not count.
    private const int Retained = 64;

    private readonly ConcurrentQueue<PredictionInputs> _free = new();
    private int _count;
    private volatile bool _closed;

    public PredictionInputs Rent()
    {
        if (!_free.TryDequeue(out var inputs))
            return create().Rent();
        Interlocked.Decrement(ref _count);
        return inputs.Rent();
    }

    public void Return(PredictionInputs inputs)
    {
        if (Interlocked.Increment(ref _count) > Retained)
        {
            Interlocked.Decrement(ref _count);
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
}
