namespace Larder.Registry.Backup;

/// <summary>What an export has.</summary>
/// <param name="Models">Which models; with all of them come all schedules, else those that are about the models.</param>
/// <param name="IncludeArtifacts">Whether their files are in it; without, an import needs them where it goes.</param>
public sealed record ExportSelection(NamePatterns Models, bool IncludeArtifacts);
