namespace NetVips;

/// <summary>libvips as a whole: settings of the process.</summary>
public static class NetVips
{
    /// <summary>Takes loaders that libvips does not trust with hostile files (SVG, PDF, ...) out of use.</summary>
    public static bool BlockUntrusted
    {
        set => Libvips.SetBlockUntrusted(value ? 1 : 0);
    }

    /// <summary>Worker threads of one evaluation.</summary>
    public static int Concurrency
    {
        get => Libvips.GetConcurrency();
        set => Libvips.SetConcurrency(value);
    }

    /// <summary>Frees what <see cref="Image.WriteToMemory(out ulong)"/> returned.</summary>
    public static void Free(nint mem) => Libvips.Free(mem);
}
