using System.Text.Json.Serialization;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;

namespace Larder.Registry.Backup;

/// <summary>A schedule as archives have it: what people asked for, without the values of its secrets and without its runs.</summary>
internal sealed record ExportedSchedule
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    public required string Cron { get; init; }

    public required string TimeZone { get; init; }

    public required ScheduledJob Job { get; init; }

    /// <summary>Names of the values that are not here.</summary>
    public IReadOnlyList<string> SecretNames { get; init; } = [];

    public OverlapPolicy Overlap { get; init; }

    public MissedPolicy Missed { get; init; }

    public bool Enabled { get; init; } = true;

    public string? Owner { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Updated { get; init; }

    public int Revision { get; init; } = 1;

    /// <summary>The schedule, with nothing that it has run.</summary>
    [JsonIgnore]
    public Schedule Schedule => new()
    {
        Id = Id,
        Name = Name,
        Description = Description,
        Cron = Cron,
        TimeZone = TimeZone,
        Job = Job,
        Overlap = Overlap,
        Missed = Missed,
        Enabled = Enabled,
        Owner = Owner,
        Created = Created,
        Updated = Updated,
        Revision = Revision,
    };

    public static ExportedSchedule Of(Schedule schedule) => new()
    {
        Id = schedule.Id,
        Name = schedule.Name,
        Description = schedule.Description,
        Cron = schedule.Cron,
        TimeZone = schedule.TimeZone,
        Job = schedule.Job with { Options = schedule.Job.Options is { } options ? CanonicalJson.Of(options) : null },
        SecretNames = [.. schedule.Secrets.Keys.Order(StringComparer.Ordinal)],
        Overlap = schedule.Overlap,
        Missed = schedule.Missed,
        Enabled = schedule.Enabled,
        Owner = schedule.Owner,
        Created = schedule.Created,
        Updated = schedule.Updated,
        Revision = schedule.Revision,
    };
}

/// <summary>Schedules, as people asked for them. Those that are about no model come only with all models.</summary>
internal sealed class ExportedSchedules(IDocumentStore documents) : IExportedCollection
{
    private const int PageSize = 500;

    public async Task WriteAsync(ExportWriter writer, ExportSelection selection, CancellationToken cancellationToken)
    {
        await foreach (var found in documents.ScanAllAsync(ScheduleStore.Collection, PageSize, cancellationToken))
        {
            if (found.Value.Deleted || !selection.Models.Matches(found.Value.Job.Model))
                continue;
            await writer.AddAsync(
                BackupFormat.ScheduleOf(found.Value.Id),
                ExportedSchedule.Of(found.Value),
                contents => contents with { Schedules = contents.Schedules + 1 },
                cancellationToken);
        }
    }
}
