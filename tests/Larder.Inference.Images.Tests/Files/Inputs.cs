using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Images.Tests.Files;

/// <summary>Model inputs, and what an image becomes for them.</summary>
internal static class Inputs
{
    internal static ValueSignature Of(Datatype datatype, params long[] shape) =>
        new() { Name = "pixels", Kind = ValueKind.Tensor, Datatype = datatype, Shape = shape };

    internal static ValueSignature Of(Datatype datatype, string shape) =>
        Of(datatype, [.. shape.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)]);

    /// <summary>The whole tensor, as numbers of its element type.</summary>
    internal static T[] Decode<T>(this ValueSignature input, byte[] file, ImageSettings? settings = null, ImageLimits? limits = null)
        where T : unmanaged => input.Decode<T>(file, out _, settings, limits);

    internal static T[] Decode<T>(this ValueSignature input, byte[] file, out long[] shape, ImageSettings? settings = null, ImageLimits? limits = null)
        where T : unmanaged
    {
        using var image = ImagePlan.For(input, settings ?? new()).Decode(file, limits ?? new());
        shape = [.. image.Shape];
        Assert.Equal(input.Datatype, image.Datatype);
        var tensor = new T[shape.Aggregate(1L, (product, dimension) => product * dimension)];
        image.WriteTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(tensor.AsSpan()));
        return tensor;
    }

    internal static string Refusal(this ValueSignature input, byte[] file, ImageLimits? limits = null)
    {
        var plan = ImagePlan.For(input, new());
        return Assert.Throws<InvalidInputException>(() => plan.Decode(file, limits ?? new()).Dispose()).Message;
    }
}
