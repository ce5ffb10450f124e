namespace NetVips;

/// <summary>libvips' enumerations: names and values are its own.</summary>
public static class Enums
{
    /// <summary>How pixels will be asked for.</summary>
    public enum Access
    {
        Random = 0,
        Sequential = 1,
    }

    /// <summary>Type of one value of a pixel.</summary>
    public enum BandFormat
    {
        Notset = -1,
        Uchar = 0,
        Char = 1,
        Ushort = 2,
        Short = 3,
        Uint = 4,
        Int = 5,
        Float = 6,
        Complex = 7,
        Double = 8,
        Dpcomplex = 9,
    }

    /// <summary>What makes a load fail; each includes the ones before.</summary>
    public enum FailOn
    {
        None = 0,
        Truncated = 1,
        Error = 2,
        Warning = 3,
    }

    /// <summary>How colours outside the target's range are brought in.</summary>
    public enum Intent
    {
        Perceptual = 0,
        Relative = 1,
        Saturation = 2,
        Absolute = 3,
        Auto = 32,
    }

    /// <summary>Which part a crop keeps.</summary>
    public enum Interesting
    {
        None = 0,
        Centre = 1,
        Entropy = 2,
        Attention = 3,
        Low = 4,
        High = 5,
        All = 6,
    }

    /// <summary>What the values of a pixel mean.</summary>
    public enum Interpretation
    {
        Error = -1,
        Multiband = 0,
        Bw = 1,
        Histogram = 10,
        Xyz = 12,
        Lab = 13,
        Cmyk = 15,
        Labq = 16,
        Rgb = 17,
        Cmc = 18,
        Lch = 19,
        Labs = 21,
        Srgb = 22,
        Yxy = 23,
        Fourier = 24,
        Rgb16 = 25,
        Grey16 = 26,
        Matrix = 27,
        Scrgb = 28,
        Hsv = 29,
        Oklab = 30,
        Oklch = 31,
    }

    /// <summary>In which directions a thumbnail may scale.</summary>
    public enum Size
    {
        Both = 0,
        Up = 1,
        Down = 2,
        Force = 3,
    }
}
