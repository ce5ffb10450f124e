using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Host.Blobs;

/// <summary>
/// Which blobs of one function need no second look, so that a poll over thousands that were handled long ago asks storage for none
/// of their receipts. Filled from a listing of the receipts (5,000 with one request) and by what is handled here. It is a cache:
/// a blob that it does not know costs a request for its receipt, no more. It holds 16 bytes a blob, forgets those that the last
/// whole sweep did not see any more, and takes no more than <see cref="Capacity"/> of them. Safe for many threads.
/// </summary>
internal sealed class HandledBlobs
{
    /// <summary>The most that it holds in one generation, of which there are two: some 15 MB in all.</summary>
    public const int Capacity = 200_000;

    private readonly Lock _gate = new();
    private HashSet<UInt128> _seen = [];
    private HashSet<UInt128> _before = [];

    /// <summary>How many it holds now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _seen.Count + _before.Count;
        }
    }

    /// <summary>The key of one state of a blob, from its receipt's name.</summary>
    public static UInt128 Key(string receiptName) =>
        BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(receiptName)));

    /// <summary>Remembers one.</summary>
    public void Add(UInt128 key)
    {
        lock (_gate)
        {
            if (_seen.Count < Capacity)
                _seen.Add(key);
        }
    }

    /// <summary>Whether it is known; then it is remembered beyond this sweep.</summary>
    public bool Contains(UInt128 key)
    {
        lock (_gate)
        {
            if (_seen.Contains(key))
                return true;
            if (!_before.Contains(key))
                return false;
            if (_seen.Count < Capacity)
                _seen.Add(key);
            return true;
        }
    }

    /// <summary>All blobs were looked at: those that were not seen are gone.</summary>
    public void EndSweep()
    {
        lock (_gate)
            (_before, _seen) = (_seen, []);
    }

    /// <summary>
    /// Begins anew with what the receipts say: one that a user has deleted makes its blob new again, and other hosts' are known too.
    /// </summary>
    /// <param name="receipts">The keys of all blobs that were handled, or as many as there is room for.</param>
    public void Reset(HashSet<UInt128> receipts)
    {
        lock (_gate)
            (_before, _seen) = (receipts, []);
    }
}
