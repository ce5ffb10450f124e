using System.Globalization;

namespace Larder.Host.Blobs;

/// <summary>What a receipt says, in its blob's metadata.</summary>
/// <param name="IsCompleted">The blob is done with, for good. The Functions host's entry.</param>
/// <param name="Tries">The tries that were begun. The Functions host leaves them to a queue.</param>
internal readonly record struct BlobReceipt(bool IsCompleted, int Tries)
{
    private const string CompletedKey = "Completed";
    private const string TriesKey = "Tries";

    /// <summary>Reads it; what is missing (a receipt of the Functions host has no tries) is false and 0.</summary>
    public static BlobReceipt FromMetadata(IDictionary<string, string> metadata)
    {
        _ = bool.TryParse(metadata.TryGetValue(CompletedKey, out var completed) ? completed : null, out var isCompleted);
        _ = int.TryParse(metadata.TryGetValue(TriesKey, out var tries) ? tries : null, NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        return new(isCompleted, count);
    }

    /// <summary>Writes it.</summary>
    public Dictionary<string, string> ToMetadata() => new()
    {
        [CompletedKey] = IsCompleted ? bool.TrueString : bool.FalseString,
        [TriesKey] = Tries.ToString(CultureInfo.InvariantCulture),
    };
}
