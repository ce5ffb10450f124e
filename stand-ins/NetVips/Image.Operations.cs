namespace NetVips;

public partial class Image
{
    /// <summary>Opens and resizes in one go: a loader that can, decodes no more than is needed.</summary>
    public static Image ThumbnailBuffer(
        byte[] buffer,
        int width,
        string? optionString = null,
        int? height = null,
        Enums.Size? size = null,
        bool? noRotate = null,
        Enums.Interesting? crop = null,
        bool? linear = null,
        string? inputProfile = null,
        string? outputProfile = null,
        Enums.Intent? intent = null,
        Enums.FailOn? failOn = null)
    {
        using var operation = new Operation("thumbnail_buffer");
        return operation.With("buffer", buffer.AsSpan()).With("width", width).With("option_string", optionString).With("height", height)
            .With("size", size).With("no_rotate", noRotate).With("crop", crop).With("linear", linear)
            .With("input_profile", inputProfile).With("output_profile", outputProfile).With("intent", intent).With("fail_on", failOn)
            .RunToImage();
    }

    /// <summary>Turns upright, resizes and brings to 8 bits of sRGB or grey.</summary>
    public Image ThumbnailImage(
        int width,
        int? height = null,
        Enums.Size? size = null,
        bool? noRotate = null,
        Enums.Interesting? crop = null,
        bool? linear = null,
        string? inputProfile = null,
        string? outputProfile = null,
        Enums.Intent? intent = null,
        Enums.FailOn? failOn = null)
    {
        using var operation = new Operation("thumbnail_image");
        return operation.With("in", this).With("width", width).With("height", height)
            .With("size", size).With("no_rotate", noRotate).With("crop", crop).With("linear", linear)
            .With("input_profile", inputProfile).With("output_profile", outputProfile).With("intent", intent).With("fail_on", failOn)
            .RunToImage();
    }

    /// <summary>Lays the image on a background, which takes its alpha away.</summary>
    public Image Flatten(double[]? background = null, double? maxAlpha = null)
    {
        using var operation = new Operation("flatten");
        return operation.With("in", this).With("background", background).With("max_alpha", maxAlpha).RunToImage();
    }

    /// <summary>Changes the type of the values.</summary>
    public Image Cast(Enums.BandFormat format, bool? shift = null)
    {
        using var operation = new Operation("cast");
        return operation.With("in", this).With("format", format).With("shift", shift).RunToImage();
    }

    /// <summary>Converts between colour spaces.</summary>
    public Image Colourspace(Enums.Interpretation space, Enums.Interpretation? sourceSpace = null)
    {
        using var operation = new Operation("colourspace");
        return operation.With("in", this).With("space", space).With("source_space", sourceSpace).RunToImage();
    }
}
