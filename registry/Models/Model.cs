using System.Text.Json.Serialization;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Tensors;
using Larder.Registry.Audit;
using Larder.Registry.Errors;

namespace Larder.Registry.Models;

/// <summary>A registered name, as it was when it was read.</summary>
public sealed record Model
{
    /// <summary>Its name, case-sensitive.</summary>
    public required ModelName Name { get; init; }

    /// <summary>Free text; empty when there is none.</summary>
    public required string Description { get; init; }

    /// <summary>Free labels.</summary>
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>Its owner, where that is known.</summary>
    public string? Owner { get; init; }

    /// <summary>How its versions are served.</summary>
    public required ModelSettings Settings { get; init; }

    /// <summary>Versions by alias; <c>default</c> is not among them.</summary>
    public required IReadOnlyDictionary<string, int> Aliases { get; init; }

    /// <summary>The version that a caller set as default; null while the default follows <see cref="LatestVersion"/>.</summary>
    public int? DefaultVersion { get; init; }

    /// <summary>The newest READY version; null when there is none.</summary>
    public int? LatestVersion { get; init; }

    /// <summary>Versions that are deleted and can be restored, by number.</summary>
    public IReadOnlyDictionary<int, Deletion> DeletedVersions { get; init; } = new Dictionary<int, Deletion>();

    /// <summary>Of a deleted model that can be restored: its deletion.</summary>
    public Deletion? Deletion { get; init; }

    /// <summary>When its first version was published.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it last changed: a version, an alias or anything above.</summary>
    public required DateTimeOffset Updated { get; init; }

    /// <summary>The newest changes, the newest first; at most 100.</summary>
    public required IReadOnlyList<AuditEntry> Audit { get; init; }

    /// <summary>Opaque; another one after every change. What an <c>ifMatch</c> parameter takes.</summary>
    [JsonIgnore]
    public string ETag { get; init; } = "";

    /// <summary>The version that an alias stands for, or the one that is set as <c>default</c>; null when there is none.</summary>
    public int? Target(string alias) => alias == ModelName.Default ? DefaultVersion : Aliases.TryGetValue(alias, out var version) ? version : null;

    /// <summary>The version that an unversioned request gets; null when there is none.</summary>
    [JsonIgnore]
    public int? ServedVersion => DefaultVersion ?? LatestVersion;
}

/// <summary>The deletion of a model or a version that can be restored.</summary>
/// <param name="When">When it was deleted.</param>
/// <param name="Who">Who deleted it, where that is known.</param>
public sealed record Deletion(DateTimeOffset When, string? Who);

/// <summary>The result of moving an alias.</summary>
/// <param name="Model">The model after it.</param>
/// <param name="Alias">The alias; <c>default</c> for what an unversioned request gets.</param>
/// <param name="Previous">The version that it stood for before; null when for none. Moving it there again rolls back.</param>
/// <param name="Current">The version that it stands for now; null when for none.</param>
public sealed record AliasChange(Model Model, string Alias, int? Previous, int? Current);

/// <summary>The result of deleting a version.</summary>
/// <param name="Model">The model after it.</param>
/// <param name="Version">The version that is gone.</param>
/// <param name="RemovedAliases">Aliases that pointed at it, and are gone with it.</param>
/// <param name="PreviousDefault">What an unversioned request got before.</param>
/// <param name="CurrentDefault">What it gets now; null when no version is left.</param>
public sealed record VersionDeletion(
    Model Model, int Version, IReadOnlyList<string> RemovedAliases, int? PreviousDefault, int? CurrentDefault);

/// <summary>What a reference stands for: the model as it was at one moment, and one version of it. Immutable.</summary>
/// <param name="Model">The model, with its settings.</param>
/// <param name="Version">The version.</param>
public sealed record ResolvedModel(Model Model, ModelVersion Version)
{
    /// <summary>The version as <see cref="SessionCache"/> takes it.</summary>
    public ServableModel Servable { get; } = ServableOf(Model.Name, Model.Settings, Version);

    /// <summary>The names of the version's classes; null where there is no output that they name.</summary>
    public ClassLabels? Labels { get; } = ClassLabels.Of(Version.Labels, Version.Onnx.Signature);

    /// <summary>The named columns of the version: of its only input, or its inputs with one value per row each; null where there are none.</summary>
    public FeatureColumns? Features { get; } = FeatureColumns.OfTable(Version.Features, Version.Onnx.Signature);

    /// <summary>The same, if the version can take predictions.</summary>
    /// <exception cref="ConflictException">It cannot.</exception>
    public ResolvedModel RequireServable() => Version.IsServable ? this : throw new ConflictException(Version.NotServable);

    internal static ServableModel ServableOf(ModelName name, ModelSettings settings, ModelVersion version) =>
        new(name, $"{version.Version}", version.Sha256, version.SizeBytes, version.Onnx, settings) { Files = version.Manifest ?? [] };
}
