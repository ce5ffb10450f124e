using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;

namespace Larder.Registry.Backup;

/// <summary>Decides what an import does with a model or a schedule, by what is here under its name.</summary>
internal sealed class ImportDecisions(IDocumentStore documents, JobStore jobs, string job)
{
    private readonly ModelSnapshots _snapshots = new(documents);

    /// <summary>What becomes of a model.</summary>
    /// <returns>It, and whether it is a conflict.</returns>
    public async Task<(ImportedItem Item, bool IsConflict)> DecideAsync(ModelSnapshot archived, bool restoreDeleted, CancellationToken cancellationToken)
    {
        var name = archived.Model.Name;
        var read = await documents.GetAsync(ModelCollections.Models, name, ModelCollections.ModelId, cancellationToken);
        switch (read?.Value)
        {
            case null when await documents.GetAsync(ModelCollections.Versions, name, ModelCollections.VersionId(1), cancellationToken) is not null:
                return Conflict("its first version is being published");
            case null:
                return Done(ImportOutcome.Created);
            case { Importing: { } other } when other != job && await IsRunningAsync(other, cancellationToken):
                return Conflict($"it is being imported by the job {other}");
            case { Importing: not null }:
                return Done(ImportOutcome.Created);
            case { Deleted: true } here when archived.Model.Deleted:
                return Done(here.LastVersion >= archived.Model.LastVersion ? ImportOutcome.Unchanged : ImportOutcome.Created);
            case { Deleted: true }:
                return restoreDeleted ? Done(ImportOutcome.Restored) : Conflict("it was deleted here (restore_deleted would bring it back)");
            case var _ when archived.Model.Deleted:
                return Conflict("it exists here, and is deleted in the archive");
            case var here:
                return here.LastVersion - archived.Model.LastVersion <= ImportedModelWriter.MaxGap
                    && archived.WithNumbersUpTo(here.LastVersion).Equals(await _snapshots.ReadAsync(here, cancellationToken))
                    ? Done(ImportOutcome.Unchanged)
                    : Conflict("it exists here with other content");
        }

        (ImportedItem, bool) Done(ImportOutcome outcome) => (new ImportedItem(name, outcome, archived.Existing.Count()), false);

        (ImportedItem, bool) Conflict(string reason) => (new ImportedItem(name, ImportOutcome.Skipped, archived.Existing.Count(), reason), true);
    }

    /// <summary>What becomes of a schedule.</summary>
    /// <returns>It, and whether it is a conflict.</returns>
    public async Task<(ImportedItem Item, bool IsConflict)> DecideAsync(ExportedSchedule archived, CancellationToken cancellationToken)
    {
        var here = await documents.GetAsync(ScheduleStore.Collection, archived.Id, ScheduleStore.DocumentId, cancellationToken);
        if (here is null)
            return (new ImportedItem(archived.Id, ImportOutcome.Created), false);
        return !here.Value.Deleted && IsSame(archived, here.Value)
            ? (new ImportedItem(archived.Id, ImportOutcome.Unchanged), false)
            : (new ImportedItem(archived.Id, ImportOutcome.Skipped, Reason: "it exists here with other content"), true);
    }

    /// <summary>Whether a schedule is the archived one. Whether it runs is each registry's own business, and so are its secrets.</summary>
    public static bool IsSame(ExportedSchedule archived, Schedule here) => BackupJson.Write(Definition(archived.Schedule)).AsSpan()
        .SequenceEqual(BackupJson.Write(Definition(here)));

    private static ExportedSchedule Definition(Schedule schedule) => ExportedSchedule.Of(schedule) with { Enabled = true, SecretNames = [] };

    private async Task<bool> IsRunningAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return !(await jobs.GetAsync(id, cancellationToken)).IsFinal;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }
}
