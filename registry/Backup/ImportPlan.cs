using System.Text.Json.Serialization;
using Larder.Inference.Sessions;

namespace Larder.Registry.Backup;

/// <summary>What an import will do: decided before anything is written.</summary>
/// <param name="Models">The models, by name.</param>
/// <param name="Schedules">The schedules, by id.</param>
/// <param name="Artifacts">What must be stored before, by hash.</param>
public sealed record ImportPlan(IReadOnlyList<ImportedItem> Models, IReadOnlyList<ImportedItem> Schedules, IReadOnlyList<ImportedArtifact> Artifacts)
{
    /// <summary>The models of several files, each of whose files is among the artifacts.</summary>
    public IReadOnlyList<ImportedManifest> Manifests { get; init; } = [];
}

/// <summary>What is taken out of an archive, and what happens where something is here already.</summary>
/// <param name="Models">Which models; with all of them come all schedules, else those that are about the models.</param>
/// <param name="SkipConflicts">Whether what is here with other content stays as it is; otherwise the whole import is refused.</param>
/// <param name="RestoreDeleted">Whether models that were deleted here come back.</param>
/// <param name="WithSchedules">Whether schedules are taken.</param>
public sealed record ImportSelection(NamePatterns Models, bool SkipConflicts, bool RestoreDeleted, bool WithSchedules);

/// <summary>A model or a schedule of an archive, and what becomes of it.</summary>
/// <param name="Name">The model's name, or the schedule's id.</param>
/// <param name="Outcome">What becomes of it.</param>
/// <param name="Versions">How many versions of it the archive has.</param>
/// <param name="Reason">Why, in a sentence, when there is something to say.</param>
public sealed record ImportedItem(string Name, ImportOutcome Outcome, int Versions = 0, string? Reason = null);

/// <summary>What an import does with a model or a schedule of its archive.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImportOutcome>))]
public enum ImportOutcome
{
    /// <summary>It was not here.</summary>
    [JsonStringEnumMemberName("created")] Created,

    /// <summary>It had been deleted here, and comes back.</summary>
    [JsonStringEnumMemberName("restored")] Restored,

    /// <summary>It is here, with the same content.</summary>
    [JsonStringEnumMemberName("unchanged")] Unchanged,

    /// <summary>It is here with other content, which stays.</summary>
    [JsonStringEnumMemberName("skipped")] Skipped,

    /// <summary>It was changed here while the import ran: what is here stays.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>An artifact that imported versions name.</summary>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="SizeBytes">How many they are, as a version says.</param>
/// <param name="IsModel">Whether a version serves it: it is validated as an upload is.</param>
/// <param name="Of">A version that names it, for messages.</param>
public sealed record ImportedArtifact(string Sha256, long SizeBytes, bool IsModel, string Of);

/// <summary>A model of several files, which imported versions name.</summary>
/// <param name="Sha256">SHA-256 of the manifest.</param>
/// <param name="Files">The files, the one that is loaded first.</param>
/// <param name="Of">A version that names it, for messages.</param>
public sealed record ImportedManifest(string Sha256, IReadOnlyList<ModelFile> Files, string Of);
