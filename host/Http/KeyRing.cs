using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Host;

/// <summary>Some keys, any of which opens.</summary>
/// <param name="hashes">SHA-256 of each.</param>
internal sealed class KeyRing(byte[][] hashes)
{
    private const int OnStack = 256;

    /// <summary>Whether a key is one of them. Takes the same time whichever it is, and when it is none.</summary>
    public bool Opens(string? presented)
    {
        if (string.IsNullOrEmpty(presented))
            return false;
        var size = Encoding.UTF8.GetMaxByteCount(presented.Length);
        var rented = size > OnStack ? ArrayPool<byte>.Shared.Rent(size) : null;
        var bytes = rented ?? stackalloc byte[OnStack];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(presented, bytes)], hash);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);

        var opens = false;
        foreach (var key in hashes)
            opens |= CryptographicOperations.FixedTimeEquals(hash, key);
        return opens;
    }
}
