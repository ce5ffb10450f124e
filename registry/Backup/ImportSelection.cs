namespace Larder.Registry.Backup;

/// <summary>What is taken out of an archive, and what happens where something is here already.</summary>
/// <param name="Models">Which models; with all of them come all schedules, else those that are about the models.</param>
/// <param name="SkipConflicts">Whether what is here with other content stays as it is; otherwise the whole import is refused.</param>
/// <param name="RestoreDeleted">Whether models that were deleted here come back.</param>
/// <param name="WithSchedules">Whether schedules are taken.</param>
public sealed record ImportSelection(NamePatterns Models, bool SkipConflicts, bool RestoreDeleted, bool WithSchedules);
