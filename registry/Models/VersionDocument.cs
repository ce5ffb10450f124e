using System.Text.Json.Serialization;
using Larder.Registry.Publishing;

namespace Larder.Registry.Models;

/// <summary>
/// A version as it is stored. The document of a deleted version stays, without content (a tombstone): a publisher that is late with the same number then finds the
/// number taken.
/// </summary>
internal sealed record VersionDocument
{
    /// <summary>The version; null when it was deleted.</summary>
    public ModelVersion? Version { get; init; }

    /// <summary>
    /// <see cref="ModelDocument.DeletedThrough"/> of the deleted model that the publisher read and revives by publishing; null when the model that it read was not
    /// deleted.
    /// </summary>
    public int? Revives { get; init; }

    /// <summary>Hash of the <see cref="PublishRequest.IdempotencyKey"/> under which it was published; it stays when the version is deleted.</summary>
    [JsonPropertyName("once")]
    public string? PublicationKey { get; init; }

    /// <summary>When it was deleted.</summary>
    public DateTimeOffset? Deleted { get; init; }
}

/// <summary>The claim of a <see cref="PublishRequest.IdempotencyKey"/>: stored before the first attempt to publish under the key, and never changed.</summary>
internal sealed record PublicationDocument
{
    /// <summary>The model's last number at that time: the version of this key, if there is one, has a higher number.</summary>
    public required int After { get; init; }

    /// <summary>When the claim was stored.</summary>
    public required DateTimeOffset Created { get; init; }
}
