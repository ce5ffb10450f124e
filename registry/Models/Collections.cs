using System.Globalization;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>Where models and their versions are kept: both in a partition of the model's name.</summary>
internal static class Collections
{
    /// <summary>The id of the one document that a model has in its partition.</summary>
    public const string ModelId = "model";

    public static readonly DocumentCollection<ModelDocument> Models = RegistryJson.Collection<ModelDocument>("models");

    public static readonly DocumentCollection<VersionDocument> Versions = RegistryJson.Collection<VersionDocument>("versions");

    /// <summary>In a partition of the model's name, each under the hash of its key.</summary>
    public static readonly DocumentCollection<PublishClaim> Publications = RegistryJson.Collection<PublishClaim>("publications");

    /// <summary>The id of a version, so that ids sort as numbers do.</summary>
    public static string VersionId(int version) => version.ToString("D10", CultureInfo.InvariantCulture);

    public static int VersionNumber(string id) => int.Parse(id, NumberStyles.None, CultureInfo.InvariantCulture);
}
