namespace Larder.Registry;

/// <summary>What a sweep did.</summary>
/// <param name="StagedFiles">Local files of uploads that crashed, deleted.</param>
/// <param name="VersionsCounted">Versions complete but for their number being counted: made visible.</param>
/// <param name="VersionsFinished">Deleted versions whose documents still held content: emptied.</param>
/// <param name="VersionDocuments">Documents of deleted models' versions, deleted.</param>
/// <param name="Artifacts">Artifacts that no version names, deleted.</param>
/// <param name="ArtifactBytes">The bytes of those.</param>
public sealed record SweepReport(
    int StagedFiles, int VersionsCounted, int VersionsFinished, int VersionDocuments, int Artifacts, long ArtifactBytes);
