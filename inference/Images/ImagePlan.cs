using System.Runtime.InteropServices;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using NetVips;

namespace Larder.Inference.Images;

/// <summary>
/// Converts images to the tensor of one model input. Computed once from its signature and settings, then used for every image, by many threads.
/// </summary>
public sealed class ImagePlan
{
    /// <summary>With four channels of eight bytes, the most that one block of memory can hold.</summary>
    private const long MostPixels = int.MaxValue / (4 * sizeof(ulong));

    private static readonly double[] White = [255, 255, 255];

    private readonly ImageLayout _layout;
    private readonly PixelTable _table;
    private readonly bool _crops;

    private ImagePlan(ValueSignature input, ImageLayout layout, ImageSettings settings)
    {
        Input = input;
        _layout = layout;
        _table = PixelTable.Create(input.Datatype!.Value, layout.Channels, settings);
        _crops = settings.Resize == "crop" && layout.HasFixedSize;
    }

    /// <summary>The input that the tensor is for.</summary>
    public ValueSignature Input { get; }

    /// <summary>The first bytes of a file that <see cref="Recognises"/> looks at.</summary>
    public const int MostBytesToRecognise = 16;

    /// <summary>Whether a file begins as an image does, of a format that is decoded or of another one.</summary>
    public static bool Recognises(ReadOnlySpan<byte> file) => ImageFormat.IsKnown(file[..Math.Min(file.Length, MostBytesToRecognise)]);

    /// <summary>Whether the model can be given an image: it has one input, and that has the shape of one.</summary>
    public static bool Accepts(ModelSignature signature) =>
        signature.Inputs is [var input] && ImageLayout.TryFind(input, out _, out _);

    /// <summary>Plans for the only input of a model.</summary>
    /// <exception cref="InvalidInputException">The model has several inputs, or one that takes no image.</exception>
    /// <exception cref="InvalidSettingsException">The settings are wrong, or do not fit the input.</exception>
    public static ImagePlan For(ModelSignature signature, ImageSettings settings) => signature.Inputs is [var input]
        ? For(input, settings)
        : throw new InvalidInputException(
            $"An image can be sent to a model with one input; this one has {signature.Inputs.Count} ({string.Join(", ", signature.Inputs.Select(i => i.Name))}).");

    /// <summary>Plans for one input.</summary>
    /// <exception cref="InvalidInputException">The input takes no image, or leaves open where its channels are.</exception>
    /// <exception cref="InvalidSettingsException">The settings are wrong, or do not fit the input.</exception>
    public static ImagePlan For(ValueSignature input, ImageSettings settings)
    {
        settings.Validate();
        return ImageLayout.TryFind(input, out var layout, out var reason)
            ? new ImagePlan(input, layout, settings)
            : throw new InvalidInputException(reason);
    }

    /// <summary>Bytes that decoding an image and its tensor can take at most, as its header says.</summary>
    /// <param name="encoded">The file, as a client sent it.</param>
    /// <param name="limits">Limits of the image.</param>
    /// <exception cref="InvalidInputException">As of <see cref="Decode"/>, as far as the header tells.</exception>
    public long BytesFor(ReadOnlyMemory<byte> encoded, ImageLimits limits) => Open(encoded, limits, (source, _) =>
    {
        var (width, height) = SizeOf(source, limits);
        // What is decoded has up to four bands of a byte, or of two.
        return ((long)source.Width * source.Height * 4 * (source.Format == Enums.BandFormat.Uchar ? 1 : 2))
            + (width * height * _layout.Channels * (1 + Input.Datatype!.Value.Size()));
    });

    /// <summary>
    /// Decodes an image, brings it to the model's size and to 8 bits of sRGB. The result holds native memory: dispose of it.
    /// </summary>
    /// <param name="encoded">The file, as a client sent it.</param>
    /// <param name="limits">Limits of the image.</param>
    /// <exception cref="InvalidInputException">The file is too large, of an unsupported format, damaged or incomplete.</exception>
    /// <exception cref="PlatformNotSupportedException">libvips could not be loaded.</exception>
    public DecodedImage Decode(ReadOnlyMemory<byte> encoded, ImageLimits limits) => Open(encoded, limits, (source, format) =>
    {
        var (width, height) = SizeOf(source, limits);
        using var pixels = Render(source, format, encoded, (int)width, (int)height);
        return new DecodedImage(pixels, _table, _layout.ChannelsFirst, Input.Datatype!.Value, _layout.ShapeFor(width, height));
    });

    private T Open<T>(ReadOnlyMemory<byte> encoded, ImageLimits limits, Func<Image, string, T> use)
    {
        Libvips.EnsureUsable();
        if (encoded.Length > limits.MaxBytes)
        {
            throw new InvalidInputException($"{Input.Name} takes an image of at most {limits.MaxBytes:N0} bytes; got {encoded.Length:N0}.");
        }

        var format = ImageFormat.Recognise(encoded.Span, Input.Name);
        try
        {
            // This reads the header. Pixels are decoded when the last image of the chain is written to memory.
            using var source = Image.NewFromBuffer(encoded.Span, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error);
            return ImageFormat.IsReadBy(format, (string)source.Get("vips-loader")) ? use(source, format) : throw Undecodable(format);
        }
        catch (VipsException)
        {
            // The error text of libvips names its functions, and under load it can belong to another request.
            throw Undecodable(format);
        }
    }

    // The size of the image in the tensor.
    private (long Width, long Height) SizeOf(Image source, ImageLimits limits)
    {
        var most = Math.Min(limits.MaxPixels, MostPixels);
        RequirePixels(source.Width, source.Height, most, "of");
        var (uprightWidth, uprightHeight) = LiesOnItsSide(source) ? (source.Height, source.Width) : (source.Width, source.Height);
        var (width, height) = _layout.Fit(uprightWidth, uprightHeight);
        RequirePixels(width, height, _layout.HasFixedSize ? MostPixels : most, "that becomes");
        return (width, height);
    }

    private Image Render(Image source, string format, ReadOnlyMemory<byte> encoded, int width, int height)
    {
        if (format == ImageFormat.Jpeg)
        {
            // From the file, since a JPEG can be decoded at half, a quarter or an eighth of its size.
            var file = MemoryMarshal.TryGetArray(encoded, out var segment) && segment.Array!.Length == encoded.Length
                ? segment.Array
                : encoded.ToArray();
            // The loader is told to fail by its own option, since libvips 8.18 does not pass ThumbnailBuffer's failOn on to it.
            return Managed(source, profile => Image.ThumbnailBuffer(
                file, width, "[fail_on=error]", height, Size, crop: Crop, outputProfile: profile));
        }

        if (!source.HasAlpha() || _layout.Channels == 4)
        {
            return Managed(source, profile => source.ThumbnailImage(width, height, Size, crop: Crop, outputProfile: profile));
        }

        // Colours must be sRGB before white means white, and the background must be there before neighbours are mixed.
        using var colours = Managed(source, profile => source.ThumbnailImage(
            source.Width, source.Height, Enums.Size.Force, noRotate: true, outputProfile: profile));
        using var opaque = colours.Flatten(colours.Bands < 4 ? White[..1] : White);
        return opaque.ThumbnailImage(width, height, Size, crop: Crop);
    }

    /// <summary>Whether the EXIF orientation turns the image by a quarter, which makes its height its width.</summary>
    private static bool LiesOnItsSide(Image image) =>
        image.Contains("orientation") && image.Get("orientation") is int and >= 5 and <= 8;

    private Enums.Size Size => _crops ? Enums.Size.Both : Enums.Size.Force;

    private Enums.Interesting? Crop => _crops ? Enums.Interesting.Centre : null;

    /// <summary>
    /// Follows the image's own colour profile to sRGB. Profiles that are broken or of another colour space are common, and then ignored, as browsers do.
    /// </summary>
    private static Image Managed(Image source, Func<string?, Image> render)
    {
        if (source.Contains("icc-profile-data"))
        {
            try
            {
                return render("srgb");
            }
            catch (VipsException)
            {
                // A profile is looked at before a pixel is, so the same source can be rendered again.
            }
        }

        return render(null);
    }

    private void RequirePixels(long width, long height, long most, string which)
    {
        if (width > most / height)
        {
            throw new InvalidInputException($"{Input.Name} takes an image {which} at most {most:N0} pixels; got {width} x {height}.");
        }
    }

    private InvalidInputException Undecodable(string format) =>
        new($"{Input.Name} expects an image; the {format} file that came is damaged, incomplete or in colours that cannot become RGB.");
}
