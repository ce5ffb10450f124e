using System.Runtime.InteropServices;

namespace NetVips;

/// <summary>Loads and starts libvips together with this assembly. A failure is kept, not thrown.</summary>
public static class ModuleInitializer
{
    /// <summary>Whether libvips started.</summary>
    public static bool VipsInitialized;

    /// <summary>Why it did not.</summary>
    public static Exception? Exception;

    /// <summary>Called by the runtime.</summary>
#pragma warning disable CA2255 // NetVips does it in a library too, and users of libvips must find it started.
    [System.Runtime.CompilerServices.ModuleInitializer]
#pragma warning restore CA2255
    public static void Initialize()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(ModuleInitializer).Assembly, Libvips.Resolve);
            VipsInitialized = Libvips.Init("larder") == 0;
            Exception = VipsInitialized ? null : new VipsException("unable to initialize libvips");
        }
        catch (Exception e)
        {
            VipsInitialized = false;
            Exception = e;
        }
    }
}
