using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <summary>Names of members in JSON that a caller wrote, which may be no text at all: <c>"\ud800"</c>.</summary>
public static class MemberName
{
    /// <summary>Whether the name that the reader is on is this one.</summary>
    public static bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueTextEquals(name);
        try
        {
            return reader.ValueTextEquals(name);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return false;
        }
    }

    /// <summary>The name as a message may repeat it: as it is written, short, without what a terminal would obey.</summary>
    public static string Shown(ref Utf8JsonReader reader) => InputError.Text(ref reader);
}
