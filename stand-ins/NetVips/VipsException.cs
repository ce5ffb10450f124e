using System.Runtime.InteropServices;

namespace NetVips;

/// <summary>libvips refused. The message ends with libvips' own text, which is thereby taken out of its error buffer.</summary>
public class VipsException : Exception
{
    /// <summary>Takes libvips' text alone.</summary>
    public VipsException()
        : this("libvips error")
    {
    }

    /// <summary>Puts <paramref name="message"/> before libvips' text.</summary>
    public VipsException(string message)
        : base(WithErrorBuffer(message))
    {
    }

    /// <summary>Puts <paramref name="message"/> before libvips' text.</summary>
    public VipsException(string message, Exception inner)
        : base(WithErrorBuffer(message), inner)
    {
    }

    private static string WithErrorBuffer(string message)
    {
        // A copy: the buffer is one for all threads, and another may be writing to it.
        var copy = Libvips.CopyErrorBuffer();
        try
        {
            var text = Marshal.PtrToStringUTF8(copy)?.Trim();
            Libvips.ClearErrors();
            return string.IsNullOrEmpty(text) ? message : $"{message}\n{text}";
        }
        finally
        {
            Libvips.Free(copy);
        }
    }
}
