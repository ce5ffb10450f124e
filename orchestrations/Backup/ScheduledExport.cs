using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Backup;

/// <summary>Exports by schedule: backups. Each run's archive is an output of its job.</summary>
public sealed class ScheduledExport : IScheduledJob
{
    /// <inheritdoc/>
    public string Type => ExportJob.Type;

    /// <inheritdoc/>
    public bool IsAboutModel => false;

    /// <inheritdoc/>
    public Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellationToken)
    {
        if (job.Model != ExportJob.AllModels)
            throw new InvalidRequestException($"job.model of an export must be {ExportJob.AllModels}; which models it has is said by job.options.models.");
        if (job.Inputs is not { Job: null, Version: null, Dataset: null, Blob: null })
            throw new InvalidRequestException("job.inputs of an export must be empty: it takes none.");
        _ = ExportOptions.Schema.ReadOrDefault(job.Options).Selection;
        return Task.FromResult<(ScheduledJob, IReadOnlyDictionary<string, string>)>((job, new Dictionary<string, string>()));
    }

    /// <inheritdoc/>
    public Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken) =>
        Task.FromResult(BackupSubmitter.ExportRequest((job.Options is { } json ? JobOptions.Of<ExportOptions>(json) : new ExportOptions())));
}
