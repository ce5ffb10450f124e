using System.Buffers;
using System.IO.Pipelines;
using Larder.Inference.Memory;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;

namespace Larder.Functions.Prediction;

/// <summary>A prediction's body, whole in memory; its bytes count against the budget of bytes in flight until it is disposed of.</summary>
internal readonly struct WholeBody : IDisposable
{
    // Bytes of the budget that a body without Content-Length takes at first, and the factor by which it takes more. The steps are few, since a request that waits for more
    // holds what it has read.
    private const long FirstBytes = 64 << 10;
    private const long Growth = 8;

    private readonly PipeReader _body;
    private readonly MemoryShare _budget;
    private readonly long _taken;

    private WholeBody(PipeReader body, ReadOnlySequence<byte> bytes, MemoryShare budget, long taken) => (_body, Bytes, _budget, _taken) = (body, bytes, budget, taken);

    /// <summary>The bytes.</summary>
    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>Reads a body to its end.</summary>
    /// <param name="body">The body.</param>
    /// <param name="length">Its length as the caller says; null where the caller does not.</param>
    /// <param name="budget">The budget.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="TooLargeException">The body is over the limit.</exception>
    /// <exception cref="Larder.Inference.MemoryBusyException">Other requests hold the memory.</exception>
    public static async ValueTask<WholeBody> ReadAsync(PipeReader body, long? length, MemoryShare budget, long limit, CancellationToken cancellationToken)
    {
        if (length > limit)
            throw TooLarge(limit);
        var taken = length ?? Math.Min(FirstBytes, limit);
        await budget.TakeAsync(taken, cancellationToken);
        try
        {
            while (true)
            {
                var result = await body.ReadAsync(cancellationToken);
                if (result.IsCompleted && result.Buffer.Length <= limit)
                    return new WholeBody(body, result.Buffer, budget, taken);
                // Also before a failure: an open read would break the connection for the next request.
                body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (result.Buffer.Length > limit)
                    throw TooLarge(limit);
                while (result.Buffer.Length > taken)
                {
                    var larger = Math.Min(taken * Growth, limit);
                    await budget.TakeAsync(larger, cancellationToken);
                    budget.Release(taken);
                    taken = larger;
                }
            }
        }
        catch
        {
            budget.Release(taken);
            throw;
        }
    }

    /// <summary>Gives the bytes back.</summary>
    public void Dispose()
    {
        _body.AdvanceTo(Bytes.End);
        _budget.Release(_taken);
    }

    private static TooLargeException TooLarge(long limit) => new($"A prediction's body is limited to {limit} bytes.");
}

/// <summary>A second body for JSON that has NaN and infinities as bare words, which are no JSON: with quotes they are. It counts against the budget until it is disposed of.</summary>
internal readonly struct QuotedBody : IDisposable
{
    private readonly ReadOnlySequence<byte> _json;
    private readonly MemoryShare _budget;

    /// <summary>Takes the bytes of the budget, without waiting.</summary>
    public QuotedBody(in ReadOnlySequence<byte> json, MemoryShare budget)
    {
        (_json, _budget) = (json, budget);
        _budget.Add(Bytes);
    }

    // The copy that is searched, and the one with quotes.
    private long Bytes => 2 * _json.Length;

    /// <summary>The JSON with quotes around such words; null when it has none.</summary>
    public ReadOnlySequence<byte>? Read() => NumberNames.Quoted(_json) is { } quoted ? new ReadOnlySequence<byte>(quoted) : null;

    /// <summary>Gives the bytes back.</summary>
    public void Dispose() => _budget.Release(Bytes);
}
