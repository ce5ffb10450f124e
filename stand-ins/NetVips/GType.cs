using System.Runtime.InteropServices;

namespace NetVips;

/// <summary>GLib's fundamental types: numbers that are part of its ABI.</summary>
internal static class GType
{
    internal const nuint Boolean = 5 << 2;
    internal const nuint Int = 6 << 2;
    internal const nuint Enum = 12 << 2;
    internal const nuint Flags = 13 << 2;
    internal const nuint Double = 15 << 2;
    internal const nuint String = 16 << 2;
    internal const nuint Boxed = 18 << 2;
    internal const nuint Object = 20 << 2;

    /// <summary>Where a GParamSpec (an instance, a name, padded flags, then this) keeps the type of its value.</summary>
    private const int ValueTypeOffset = 24;

    internal static nuint OfSpecification(nint specification) => (nuint)Marshal.ReadIntPtr(specification, ValueTypeOffset);

    internal static string NameOf(nuint type) => Marshal.PtrToStringUTF8(Libvips.GetTypeName(type)) ?? "";
}
