using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Backup;

/// <summary>The jobs that write archives of the registry: <see cref="ExportRegistry"/>, told by <see cref="ExportOptions"/>.</summary>
public sealed class ExportJob : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "export";

    /// <summary>What such a job has for a model: it is about all of them.</summary>
    public const string AllModels = "*";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ExportRegistry;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Administrators;

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job) => _ = JobOptions.Of<ExportOptions>(job).Selection;
}

/// <summary>What an export may be told. Its JSON Schema is published, and requests are checked against that.</summary>
public sealed record ExportOptions
{
    /// <summary>The published JSON Schema, with which requests are read.</summary>
    public static OptionSchema<ExportOptions> Schema { get; } = new();

    /// <summary>Which models.</summary>
    [Description("Names of models, in which * stands for any characters. By default all models, and all schedules; else the schedules that are about these models."), MaxLength(NamePatterns.Most)]
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Whether files are in it.</summary>
    [Description("Whether the models' files are in the archive. Without them it can be imported only where they are stored already.")]
    public bool IncludeArtifacts { get; init; } = true;

    internal ExportSelection Selection => new(new NamePatterns(Models), IncludeArtifacts);
}

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
