using System.Globalization;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>Where models, their versions and the claims of idempotent publishing are stored: in the partition of the model's name.</summary>
internal static class ModelCollections
{
    /// <summary>The id of the one document that a model has in its partition.</summary>
    public const string ModelId = "model";

    public static readonly DocumentCollection<ModelDocument> Models = RegistryJson.Collection<ModelDocument>("models");

    public static readonly DocumentCollection<VersionDocument> Versions = RegistryJson.Collection<VersionDocument>("versions");

    /// <summary>The id is the hash of the idempotency key.</summary>
    public static readonly DocumentCollection<PublicationDocument> Publications = RegistryJson.Collection<PublicationDocument>("publications");

    /// <summary>The id of a version's document: ten digits, so that ids sort as numbers do.</summary>
    public static string VersionId(int version) => version.ToString("D10", CultureInfo.InvariantCulture);

    public static int VersionNumber(string id) => int.Parse(id, NumberStyles.None, CultureInfo.InvariantCulture);
}
