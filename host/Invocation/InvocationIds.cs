namespace Larder.Host.Invocation;

/// <summary>Ids of invocations: random UUIDs, version 4 of RFC 9562.</summary>
internal static class InvocationIds
{
    /// <summary>
    /// A new id. It is no secret, so its bits are the thread's own generator's: <see cref="Guid.NewGuid"/> asks the system each time, which costs
    /// a short request a few percent of its processor time.
    /// </summary>
    public static string New()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        bytes[6] = (byte)(0x40 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
