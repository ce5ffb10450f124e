using System.Runtime.InteropServices;

namespace NetVips;

/// <summary>GLib's typed container: a type, and two words that hold the content. All zeros is the empty one.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GValue
{
    internal nuint Type;
    private readonly ulong _first;
    private readonly ulong _second;
}
