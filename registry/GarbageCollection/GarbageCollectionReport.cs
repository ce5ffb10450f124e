namespace Larder.Registry.GarbageCollection;

/// <summary>What a sweep did.</summary>
/// <param name="StagedFiles">Local files of uploads that crashed, deleted.</param>
/// <param name="VersionsCounted">Versions complete but for their number being counted: made visible.</param>
/// <param name="VersionsFinished">Deleted versions whose documents still held content: emptied.</param>
/// <param name="VersionDocuments">Documents of deleted models' versions, deleted.</param>
/// <param name="Artifacts">Artifacts that neither a version nor a job names, deleted.</param>
/// <param name="ArtifactBytes">The bytes of those.</param>
/// <param name="JobFolders">Files of jobs that are not there (any more), deleted.</param>
/// <param name="JobKeys">Idempotency keys without a job, released.</param>
/// <param name="Publications">Claims of publications that nobody will try again, deleted.</param>
/// <param name="AuditRecords">Records of changes that were not in the log: put there.</param>
/// <param name="Schedules">Documents of deleted schedules, deleted.</param>
/// <param name="Tokens">Documents of revoked tokens, and idempotency keys without a token, deleted.</param>
public sealed record GarbageCollectionReport(
    int StagedFiles, int VersionsCounted, int VersionsFinished, int VersionDocuments, int Artifacts, long ArtifactBytes,
    int JobFolders, int JobKeys, int Publications, int AuditRecords, int Schedules, int Tokens);
