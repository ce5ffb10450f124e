namespace Larder.Registry.Backup;

/// <summary>A model or a schedule of an archive, and what becomes of it.</summary>
/// <param name="Name">The model's name, or the schedule's id.</param>
/// <param name="Outcome">What becomes of it.</param>
/// <param name="Versions">How many versions of it the archive has.</param>
/// <param name="Reason">Why, in a sentence, when there is something to say.</param>
public sealed record ImportedItem(string Name, ImportOutcome Outcome, int Versions = 0, string? Reason = null);
