using System.Buffers;

namespace Larder.Inference.Rows;

/// <summary>Writes fields of delimited text (RFC 4180), quoted where necessary.</summary>
public static class DelimitedText
{
    private const byte Quote = (byte)'"';

    /// <summary>Writes a field.</summary>
    public static void Write(ReadOnlySpan<byte> field, byte delimiter, IBufferWriter<byte> destination)
    {
        // A quote, a line end or the delimiter inside; a space at either end, which readers trim.
        var plain = field.IndexOfAny(Quote, (byte)'\r', (byte)'\n') < 0 && !field.Contains(delimiter)
            && (field.IsEmpty || (field[0] != (byte)' ' && field[^1] != (byte)' '));
        if (plain)
        {
            destination.Write(field);
            return;
        }

        var span = destination.GetSpan((2 * field.Length) + 2);
        var length = 0;
        span[length++] = Quote;
        foreach (var one in field)
        {
            span[length++] = one;
            if (one == Quote)
                span[length++] = Quote;
        }

        span[length++] = Quote;
        destination.Advance(length);
    }
}
