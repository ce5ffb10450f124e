using System.Globalization;
using System.Text.Json.Serialization;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>Where models, their versions and the claims of idempotent publishing are stored: in the partition of the model's name.</summary>
internal static class ModelCollections
{
    /// <summary>The id of the one document that a model has in its partition.</summary>
    public const string ModelId = "model";

    // Format 2: a release that knows only format 1 would show deleted versions, and lose what a deleted model is restored from.
    public static readonly DocumentCollection<ModelDocument> Models = RegistryJson.Collection<ModelDocument>("models") with { Format = 2 };

    // Format 2: the garbage collection of a release that knows only format 1 would delete the files of a version's folder.
    public static readonly DocumentCollection<VersionDocument> Versions = RegistryJson.Collection<VersionDocument>("versions") with { Format = 2 };

    /// <summary>The id is the hash of the idempotency key.</summary>
    public static readonly DocumentCollection<PublicationDocument> Publications = RegistryJson.Collection<PublicationDocument>("publications");

    /// <summary>The id of a version's document: ten digits, so that ids sort as numbers do.</summary>
    public static string VersionId(int version) => version.ToString("D10", CultureInfo.InvariantCulture);

    public static int VersionNumber(string id) => int.Parse(id, NumberStyles.None, CultureInfo.InvariantCulture);
}

/// <summary>
/// A version as it is stored. The document of a purged version stays, without content (a tombstone): a publisher that is late with the same number then finds the
/// number taken.
/// </summary>
internal sealed record VersionDocument
{
    /// <summary>The version; null when it was purged.</summary>
    public ModelVersion? Version { get; init; }

    /// <summary>Hash of the <see cref="PublishRequest.IdempotencyKey"/> under which it was published; it stays when the version is deleted.</summary>
    [JsonPropertyName("once")]
    public string? PublicationKey { get; init; }

    /// <summary>When it was purged.</summary>
    public DateTimeOffset? Deleted { get; init; }
}

/// <summary>The claim of a <see cref="PublishRequest.IdempotencyKey"/>: stored before the first attempt to publish under the key, and never changed.</summary>
internal sealed record PublicationDocument
{
    /// <summary>The model's last number at that time: the version of this key, if there is one, has a higher number.</summary>
    public required int After { get; init; }

    /// <summary>When the claim was stored.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The <see cref="PublishRequest.Fingerprint"/> of the first attempt.</summary>
    public string? Fingerprint { get; init; }
}
