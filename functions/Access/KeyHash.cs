using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Functions;

/// <summary>
/// SHA-256 of a function key. Keys are looked up by it: how long that takes says nothing of a key, and none is kept.
/// </summary>
/// <param name="High">The first 16 bytes.</param>
/// <param name="Low">The last 16 bytes.</param>
internal readonly record struct KeyHash(UInt128 High, UInt128 Low)
{
    /// <summary>Longest key, in bytes, that is hashed without an array of its own; Azure's have 56.</summary>
    private const int OnStack = 256;

    /// <summary>The hash of a key.</summary>
    public static KeyHash Of(string key)
    {
        Span<byte> utf8 = stackalloc byte[OnStack];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (Encoding.UTF8.TryGetBytes(key, utf8, out var length))
            SHA256.HashData(utf8[..length], hash);
        else
            SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        return From(hash);
    }

    /// <summary>Reads 64 hexadecimal digits; null when a text is something else.</summary>
    public static KeyHash? Parse(string hex)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        return hex.Length == 2 * hash.Length && Convert.FromHexString(hex, hash, out _, out _) == System.Buffers.OperationStatus.Done ? From(hash) : null;
    }

    private static KeyHash From(ReadOnlySpan<byte> hash) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
}
