using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Sessions;

/// <summary>One version of a model, with what serving needs.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Version">The version, as it appears in metrics and messages.</param>
/// <param name="Sha256">SHA-256 of the ONNX file, or of its manifest, 64 lower-case hexadecimal digits.</param>
/// <param name="Bytes">Size of the file, or of all files.</param>
/// <param name="Description">What validation found out about the file.</param>
/// <param name="Settings">The owner's settings. Changed settings make another servable model.</param>
public sealed record ServableModel(string Name, string Version, string Sha256, long Bytes, ModelDescription Description, ModelSettings Settings)
{
    /// <summary>The manifest of a model that consists of several files; empty for one of one file.</summary>
    public IReadOnlyList<ModelFile> Files { get; init; } = [];

    /// <summary>Whether missing values become NaN: what the owner says, else what validation found.</summary>
    public bool TakesMissing => Settings.Missing is { } missing ? missing == ModelSettings.MissingNan : Description.TakesMissing;
}

/// <summary>
/// Two servable models are one loaded model if name, version, bytes and settings are equal. Settings that were read twice are two
/// objects with two lists, which the equality of records would tell apart.
/// </summary>
internal sealed class ServableModelComparer : IEqualityComparer<ServableModel>
{
    public static readonly ServableModelComparer Instance = new();

    public bool Equals(ServableModel? x, ServableModel? y)
    {
        if (ReferenceEquals(x, y))
            return true;
        return x is not null && y is not null
            && x.Sha256 == y.Sha256 && x.Version == y.Version && x.Name == y.Name
            && (ReferenceEquals(x.Settings, y.Settings) || Equals(x.Settings, y.Settings));
    }

    // The first digits of a SHA-256 are mixed well enough.
    public int GetHashCode(ServableModel model) => string.GetHashCode(model.Sha256.AsSpan(0, Math.Min(8, model.Sha256.Length)));

    private static bool Equals(ModelSettings x, ModelSettings y) =>
        x with { Image = y.Image } == y
        && x.Image with { Mean = y.Image.Mean, Std = y.Image.Std } == y.Image
        && x.Image.Mean.SequenceEqual(y.Image.Mean)
        && x.Image.Std.SequenceEqual(y.Image.Std);
}
