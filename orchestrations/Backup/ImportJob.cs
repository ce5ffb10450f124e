using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Registry.Backup;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Backup;

/// <summary>The jobs that take in archives of registries: <see cref="ImportRegistry"/>, told by <see cref="ImportOptions"/>.</summary>
/// <param name="urls">Which URLs.</param>
public sealed class ImportJob(UrlSource urls) : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "import";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ImportRegistry;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Administrators;

    /// <inheritdoc/>
    public string NotScheduled => "An archive is imported once: again, it changes nothing. Schedule export, for backups, and import one of them when it is needed.";

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job)
    {
        if (job.Source is { } source && DatasetSource.IsUrl(source))
            urls.Require(source);
    }
}

/// <summary>What an import may be told, beside its archive. Its JSON Schema is published, and requests are checked against that.</summary>
public sealed record ImportOptions
{
    /// <summary>Nothing is imported where something is here with other content.</summary>
    public const string Refuse = "refuse";

    /// <summary>What is here with other content stays as it is.</summary>
    public const string Skip = "skip";

    /// <summary>Schedules run as they did.</summary>
    public const string Keep = "keep";

    /// <summary>Schedules are there, and paused.</summary>
    public const string Paused = "paused";

    /// <summary>Schedules stay where they are.</summary>
    public const string None = "none";

    /// <summary>The published JSON Schema, with which requests are read.</summary>
    public static OptionSchema<ImportOptions> Schema { get; } = new();

    /// <summary>What happens to what is here already.</summary>
    [Description("refuse: when a model or a schedule of the archive is here with other content, nothing is imported. skip: those stay as they are here, and the rest is imported."), AllowedValues(Refuse, Skip)]
    public string OnConflict { get; init; } = Refuse;

    /// <summary>Whether deleted models come back.</summary>
    [Description("Whether models that were deleted here come back as the archive has them. Otherwise they count as conflicts.")]
    public bool RestoreDeleted { get; init; }

    /// <summary>Which models.</summary>
    [Description("Names of models, in which * stands for any characters. By default all models and schedules of the archive; else the schedules that are about these models."), MaxLength(NamePatterns.Most)]
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>What happens to schedules.</summary>
    [Description("keep: schedules run as they did where they come from. paused: they are imported, and do not run. none: they are not imported."), AllowedValues(Keep, Paused, None)]
    public string Schedules { get; init; } = Keep;

    internal ImportSelection Selection => new(new NamePatterns(Models), OnConflict == Skip, RestoreDeleted, Schedules != None);
}
