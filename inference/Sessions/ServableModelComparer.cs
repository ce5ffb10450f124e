using Larder.Inference.Settings;

namespace Larder.Inference.Sessions;

/// <summary>
/// What makes two servable models one loaded model: name, version, bytes and settings. Settings that were read twice are two
/// objects with two lists, which a record's own equality would tell apart.
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

    // A SHA-256 needs no more mixing than its first digits give.
    public int GetHashCode(ServableModel model) => string.GetHashCode(model.Sha256.AsSpan(0, Math.Min(8, model.Sha256.Length)));

    private static bool Equals(ModelSettings x, ModelSettings y) =>
        x with { Image = y.Image } == y
        && x.Image with { Mean = y.Image.Mean, Std = y.Image.Std } == y.Image
        && x.Image.Mean.SequenceEqual(y.Image.Mean)
        && x.Image.Std.SequenceEqual(y.Image.Std);
}
