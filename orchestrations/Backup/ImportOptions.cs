using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Options;
using Larder.Registry.Backup;

namespace Larder.Orchestrations.Backup;

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

    /// <summary>What is published, and what requests are read with.</summary>
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
