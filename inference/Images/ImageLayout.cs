using System.Diagnostics.CodeAnalysis;
using Larder.Inference.Signatures;

namespace Larder.Inference.Images;

/// <summary>
/// The meaning of each dimension of an image input. The channels are the dimension that is 1, 3 or 4; batch, height and width follow from its place.
/// </summary>
internal sealed class ImageLayout
{
    private const string Wanted =
        "an image input is [N,C,H,W], [N,H,W,C], [C,H,W], [H,W,C], [N,H,W] or [H,W], where C is 1, 3 or 4, N is 1 or -1, and H and W are -1 or at least 2";

    private readonly long[] _shape;
    private readonly int _height;
    private readonly int _width;

    private ImageLayout(long[] shape, int channels, bool channelsFirst, int height, int width)
    {
        (_shape, Channels, ChannelsFirst, _height, _width) = (shape, channels, channelsFirst, height, width);
    }

    /// <summary>1 grey, 3 colour, 4 colour and alpha.</summary>
    internal int Channels { get; }

    /// <summary>True for planes one after another, false for the channels of a pixel side by side.</summary>
    internal bool ChannelsFirst { get; }

    /// <summary>Finds the layout, or says in a sentence why <paramref name="input"/> has none.</summary>
    internal static bool TryFind(ValueSignature input, [NotNullWhen(true)] out ImageLayout? layout, [NotNullWhen(false)] out string? reason)
    {
        layout = null;
        reason = null;
        if (input is not { Kind: ValueKind.Tensor, Shape: { } shape, Datatype: not (null or Datatype.Bool or Datatype.Bytes) })
        {
            reason = $"{input.Name} is {input.TypeName} and takes no image, which is a tensor of numbers.";
            return false;
        }

        var dimensions = shape.ToArray();
        if (dimensions.Length >= 3 && IsChannels(dimensions[^3]) && IsChannels(dimensions[^1]))
        {
            reason = $"{input.Name} is {input.TypeName}, in which channels could come first or last; {Wanted}, and just one of the places for C may hold 1, 3 or 4.";
            return false;
        }

        layout = dimensions switch
        {
            [1 or -1, var c, _, _] when IsChannels(c) => new(dimensions, (int)c, true, 2, 3),
            [1 or -1, _, _, var c] when IsChannels(c) => new(dimensions, (int)c, false, 1, 2),
            [var c, _, _] when IsChannels(c) => new(dimensions, (int)c, true, 1, 2),
            [_, _, var c] when IsChannels(c) => new(dimensions, (int)c, false, 0, 1),
            // With no known side at all this could as well be [H,W,C].
            [-1, var h, var w] when h != -1 || w != -1 => new(dimensions, 1, true, 1, 2),
            // A variable side would be a batch of rows, which is no image.
            [not -1, not -1] => new(dimensions, 1, true, 0, 1),
            _ => null,
        };
        if (layout is null || !IsSide(dimensions[layout._height]) || !IsSide(dimensions[layout._width]))
        {
            layout = null;
            reason = $"{input.Name} is {input.TypeName} and takes no image: {Wanted}.";
            return false;
        }

        return true;
    }

    /// <summary>The size in which the model wants an image of this size: a side that varies follows the image, keeping its proportions.</summary>
    internal (long Width, long Height) Fit(int width, int height) => (_shape[_width], _shape[_height]) switch
    {
        (-1, -1) => (width, height),
        (-1, var h) => (Math.Max(1, (long)Math.Round((double)width * h / height)), h),
        (var w, -1) => (w, Math.Max(1, (long)Math.Round((double)height * w / width))),
        var (w, h) => (w, h),
    };

    /// <summary>The tensor's shape for one image of this size.</summary>
    internal long[] ShapeFor(long width, long height)
    {
        long[] shape = [.. _shape.Select(dimension => Math.Abs(dimension))];
        shape[_height] = height;
        shape[_width] = width;
        return shape;
    }

    /// <summary>Whether the model leaves no freedom: then the image may have to be stretched or cropped.</summary>
    internal bool HasFixedSize => _shape[_width] != -1 && _shape[_height] != -1;

    private static bool IsChannels(long dimension) => dimension is 1 or 3 or 4;

    private static bool IsSide(long dimension) => dimension is -1 or >= 2;
}
