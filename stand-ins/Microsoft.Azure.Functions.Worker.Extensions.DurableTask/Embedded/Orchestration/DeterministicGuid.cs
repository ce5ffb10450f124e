using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.DurableTask.Embedded;

/// <summary>GUIDs that follow from what an orchestration is and where it stands (RFC 9562, version 8: a hash of our own choice).</summary>
internal static class DeterministicGuid
{
    /// <summary>The GUID number <paramref name="index"/> of an execution's generation at a time.</summary>
    public static Guid Create(string instance, string execution, int generation, DateTime time, int index)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{instance}\n{execution}\n{generation}\n{time.Ticks}\n{index}");
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
