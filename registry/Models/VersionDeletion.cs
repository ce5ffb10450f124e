namespace Larder.Registry.Models;

/// <summary>What deleting a version did.</summary>
/// <param name="Model">The model after it.</param>
/// <param name="Version">The version that is gone.</param>
/// <param name="RemovedAliases">Aliases that pointed at it, and are gone with it.</param>
/// <param name="PreviousDefault">What an unversioned request got before.</param>
/// <param name="CurrentDefault">What it gets now; null when no version is left.</param>
public sealed record VersionDeletion(
    Model Model, int Version, IReadOnlyList<string> RemovedAliases, int? PreviousDefault, int? CurrentDefault);
