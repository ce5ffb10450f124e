using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Registry.Access;

/// <summary>
/// SHA-256 of a token or key. Credentials are looked up by it: how long that takes says nothing of a credential, and none is kept.
/// </summary>
/// <param name="High">The first 16 bytes.</param>
/// <param name="Low">The last 16 bytes.</param>
public readonly record struct KeyHash(UInt128 High, UInt128 Low)
{
    /// <summary>Longest credential, in bytes, that is hashed without an array of its own; Azure's keys have 56, Larder's tokens 47.</summary>
    private const int OnStack = 256;

    /// <summary>Characters of <see cref="Id"/>.</summary>
    internal const int IdLength = 32;

    /// <summary>The first half, 32 hexadecimal digits: what is stored under the hash has it for a name.</summary>
    public string Id => High.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => Id + Low.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>The hash of a credential.</summary>
    public static KeyHash Of(ReadOnlySpan<char> secret)
    {
        Span<byte> utf8 = stackalloc byte[OnStack];
        if (Encoding.UTF8.TryGetBytes(secret, utf8, out var length))
            return Of(utf8[..length]);
        var bytes = new byte[Encoding.UTF8.GetByteCount(secret)];
        Encoding.UTF8.GetBytes(secret, bytes);
        return Of((ReadOnlySpan<byte>)bytes);
    }

    /// <summary>The hash of a credential.</summary>
    /// <param name="utf8">The credential as UTF-8.</param>
    public static KeyHash Of(ReadOnlySpan<byte> utf8)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8, hash);
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
