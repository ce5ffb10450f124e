using System.Globalization;
using System.Text;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// What blobs are called in a task hub's container: <c>instances/ID</c>, one for each instance; <c>data/ID/EXECUTION/GENERATION/</c>, what does not fit
/// into it; <c>inbox/</c>, what clients in other processes ask; <c>host.lock</c>, whose lease says which host runs the hub.
/// </summary>
internal static class BlobNames
{
    /// <summary>Where the instances are.</summary>
    public const string Instances = "instances/";

    /// <summary>Where messages from clients are.</summary>
    public const string Inbox = "inbox/";

    /// <summary>What the host has a lease on.</summary>
    public const string Lock = "host.lock";

    private const string Data = "data/";
    private const char Escape = '~';

    /// <summary>An instance's document.</summary>
    public static string Instance(string id) => Instances + Encode(id);

    /// <summary>The instance of a document's name.</summary>
    public static string InstanceOf(string blob) => Decode(blob[Instances.Length..]);

    /// <summary>All that an instance has beside its document.</summary>
    public static string DataOf(string instance) => $"{Data}{Encode(instance)}/";

    /// <summary>What an execution has beside its document.</summary>
    public static string DataOf(string instance, string execution) => $"{DataOf(instance)}{execution}/";

    /// <summary>What a generation has beside its document.</summary>
    public static string DataOf(string instance, string execution, int generation) =>
        string.Create(CultureInfo.InvariantCulture, $"{DataOf(instance, execution)}{generation}/");

    /// <summary>A message of the inbox; names sort by time.</summary>
    public static string InboxMessage(DateTimeOffset now, string id) => string.Create(CultureInfo.InvariantCulture, $"{Inbox}{now.UtcTicks:D19}-{id}");

    // Character by character, so that an id's beginning is its name's beginning: listing by prefix depends on that. Dots are escaped since a
    // name of dots alone means something in an address.
    private static string Encode(string id)
    {
        var name = new StringBuilder(id.Length);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in id.EnumerateRunes())
        {
            if (rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || (char)rune.Value is '-' or '_' or ':' or ','))
            {
                name.Append((char)rune.Value);
                continue;
            }

            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
                name.Append(Escape).Append(CultureInfo.InvariantCulture, $"{value:x2}");
        }

        return name.ToString();
    }

    private static string Decode(string name)
    {
        var bytes = new List<byte>(name.Length);
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] != Escape)
            {
                bytes.Add((byte)name[i]);
                continue;
            }

            bytes.Add(byte.Parse(name.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            i += 2;
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
