using Larder.Testing.Onnx;
using NetVips;

namespace Larder.Bench.Client;

/// <summary>The models and the image that the figures need, made by this program, so that the repository does not have them.</summary>
internal static class Models
{
    /// <summary>Side of the image.</summary>
    private const int Side = 224;

    /// <summary>The dense network that is run in batches.</summary>
    public static readonly int[] DenseWidths = [784, 512, 512, 10];

    /// <summary>Writes <c>dense.onnx</c>, <c>mobilenet.onnx</c>, <c>first-column.onnx</c> (262,144 columns: 1 MiB a row) and <c>image.jpg</c>.</summary>
    public static async Task<object> WriteAsync(string folder)
    {
        await File.WriteAllBytesAsync(Path.Combine(folder, "dense.onnx"), OnnxModel.Dense(DenseWidths));
        await File.WriteAllBytesAsync(Path.Combine(folder, "mobilenet.onnx"), OnnxModel.MobileNet());
        await File.WriteAllBytesAsync(Path.Combine(folder, "first-column.onnx"), OnnxModel.FirstColumn((1 << 20) / sizeof(float)));
        // Noise in three bands, softened: about as many bytes as a photograph of that size.
        using var noise = Image.Gaussnoise(Side, Side, sigma: 60, mean: 128, seed: 1).Gaussblur(1.5).Cast(Enums.BandFormat.Uchar);
        using var image = noise.Bandjoin(noise.Rot180(), noise.Rot90()).Copy(interpretation: Enums.Interpretation.Srgb);
        await File.WriteAllBytesAsync(Path.Combine(folder, "image.jpg"), image.JpegsaveBuffer(q: 85));
        return new { models = 3 };
    }
}
