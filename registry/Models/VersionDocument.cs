namespace Larder.Registry.Models;

/// <summary>
/// A version as it is stored. Of a deleted one the document stays, without content: whoever is late with creating a version under the same
/// number then finds it taken.
/// </summary>
internal sealed record VersionDocument
{
    /// <summary>The version; null when it was deleted.</summary>
    public ModelVersion? Version { get; init; }

    /// <summary>
    /// <see cref="ModelDocument.DeletedThrough"/> of the deleted model that the publisher read and meant to bring back; null when the model it read
    /// was not deleted.
    /// </summary>
    public int? Revives { get; init; }

    /// <summary>Hash of the key under which it was published once; it stays when the version is deleted.</summary>
    public string? Once { get; init; }

    /// <summary>When it was deleted.</summary>
    public DateTimeOffset? Deleted { get; init; }
}
