using Larder.Registry.Models;

namespace Larder.Registry.Backup;

/// <summary>A model as it was at one moment, in the form in which archives have it.</summary>
/// <param name="Model">Its document. Nothing of it is under way.</param>
/// <param name="Versions">By number: all that were given since the model was last deleted, those that were deleted since without content.</param>
internal sealed record ModelSnapshot(ModelDocument Model, IReadOnlyList<KeyValuePair<int, VersionDocument>> Versions)
{
    /// <summary>The versions that exist.</summary>
    public IEnumerable<ModelVersion> Existing => Versions.Select(version => version.Value.Version).OfType<ModelVersion>();

    /// <summary>SHA-256 of everything that its versions name.</summary>
    public IEnumerable<string> Artifacts => Existing.SelectMany(version => version.Files.Select(file => file.Sha256).Prepend(version.Sha256)).Distinct();

    /// <summary>The same where more numbers were given, and taken back, than it knows of.</summary>
    public ModelSnapshot WithNumbersUpTo(int last)
    {
        if (last <= Model.LastVersion || Model.Deleted)
            return this;
        var since = Enumerable.Range(Model.LastVersion + 1, last - Model.LastVersion);
        var deleted = new VersionDocument { Deleted = Model.Updated };
        return new ModelSnapshot(Model with { LastVersion = last }, [.. Versions, .. since.Select(number => KeyValuePair.Create(number, deleted))]);
    }

    /// <summary>
    /// Whether another has the same content. What validation learned about a file is not compared: another build of this code may learn more about the same bytes.
    /// </summary>
    public bool Equals(ModelSnapshot? other) => other is not null && Content().AsSpan().SequenceEqual(other.Content());

    public override int GetHashCode() => Model.Name.GetHashCode(StringComparison.Ordinal);

    private byte[] Content() => BackupJson.Write(new
    {
        Model,
        Versions = Versions.Select(version => new { version.Key, Document = WithoutDescription(version.Value) }),
    });

    private static VersionDocument WithoutDescription(VersionDocument document) => document.Version is { } version
        ? document with { Version = version with { Onnx = null! } }
        : document;
}
