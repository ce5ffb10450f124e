namespace Larder.Registry.Backup;

/// <summary>What an import will do: decided before anything is written.</summary>
/// <param name="Models">The models, by name.</param>
/// <param name="Schedules">The schedules, by id.</param>
/// <param name="Artifacts">What must be stored before, by hash.</param>
public sealed record ImportPlan(IReadOnlyList<ImportedItem> Models, IReadOnlyList<ImportedItem> Schedules, IReadOnlyList<ImportedArtifact> Artifacts);
