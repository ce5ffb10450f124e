using System.Text.Json.Serialization;
using Larder.Inference.Settings;

namespace Larder.Registry.Models;

/// <summary>A registered name, as it was when it was read.</summary>
public sealed record Model
{
    /// <summary>Its name, case-sensitive.</summary>
    public required string Name { get; init; }

    /// <summary>Free text; empty when there is none.</summary>
    public required string Description { get; init; }

    /// <summary>Free labels.</summary>
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>Whose it is, where that is known.</summary>
    public string? Owner { get; init; }

    /// <summary>How its versions are served.</summary>
    public required ModelSettings Settings { get; init; }

    /// <summary>Versions by alias; <c>default</c> is not among them.</summary>
    public required IReadOnlyDictionary<string, int> Aliases { get; init; }

    /// <summary>The version that someone set as default; null while the default follows <see cref="LatestVersion"/>.</summary>
    public int? DefaultVersion { get; init; }

    /// <summary>The newest READY version; null when there is none.</summary>
    public int? LatestVersion { get; init; }

    /// <summary>When its first version was published.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it last changed: a version, an alias or anything above.</summary>
    public required DateTimeOffset Updated { get; init; }

    /// <summary>The newest changes, the newest first; at most 100.</summary>
    public required IReadOnlyList<AuditEntry> Audit { get; init; }

    /// <summary>Opaque; another one after every change. What an <c>ifMatch</c> parameter takes.</summary>
    [JsonIgnore]
    public string ETag { get; init; } = "";

    /// <summary>The version that an unversioned request gets; null when there is none.</summary>
    [JsonIgnore]
    public int? ServedVersion => DefaultVersion ?? LatestVersion;
}
