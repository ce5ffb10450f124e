using System.Text;
using System.Text.Json.Serialization;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// A serialized value: an input, an output, a result, an event. A small one stands where it is used; a large one has a blob of its own, so that the
/// documents that are written again and again stay small.
/// </summary>
/// <param name="Text">The value; null when only the blob has it.</param>
/// <param name="Blob">The blob that has it; null when it is small.</param>
internal sealed record Payload(string? Text, string? Blob)
{
    /// <summary>From here on (60 KiB as UTF-8) a value is large.</summary>
    public const int InlineLimit = 60 * 1024;

    /// <summary>What a document says of it: the text only when there is no blob.</summary>
    [JsonIgnore]
    public Payload Reference => Blob is null || Text is null ? this : this with { Text = null };

    /// <summary>Whether it must get a blob before it is stored.</summary>
    [JsonIgnore]
    public bool MustSpill => Blob is null && Text is not null && Text.Length > InlineLimit / 3 && Encoding.UTF8.GetByteCount(Text) > InlineLimit;

    /// <summary>A value; null for null.</summary>
    public static Payload? Of(string? text) => text is null ? null : new(text, null);
}
