using Larder.Registry.Schedules;
using Larder.Registry.Storage;

namespace Larder.Registry.Backup;

/// <summary>Schedules, as people asked for them. Those that are about no model come only with all models.</summary>
internal sealed class ExportedSchedules(IDocumentStore documents) : IExportedCollection
{
    private const int PageSize = 500;

    public async Task WriteAsync(ExportWriter writer, ExportSelection selection, CancellationToken cancellationToken)
    {
        await foreach (var found in documents.ScanAllAsync(ScheduleStore.Collection, PageSize, cancellationToken))
        {
            if (found.Value.Deleted || !selection.Models.Fit(found.Value.Job.Model))
                continue;
            await writer.AddAsync(
                BackupFormat.ScheduleOf(found.Value.Id),
                ExportedSchedule.Of(found.Value),
                contents => contents with { Schedules = contents.Schedules + 1 },
                cancellationToken);
        }
    }
}
