using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Options;
using Larder.Registry.Backup;

namespace Larder.Orchestrations.Backup;

/// <summary>What an export may be told. Its JSON Schema is published, and requests are checked against that.</summary>
public sealed record ExportOptions
{
    /// <summary>What is published, and what requests are read with.</summary>
    public static OptionSchema<ExportOptions> Schema { get; } = new();

    /// <summary>Which models.</summary>
    [Description("Names of models, in which * stands for any characters. By default all models, and all schedules; else the schedules that are about these models."), MaxLength(NamePatterns.Most)]
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Whether files are in it.</summary>
    [Description("Whether the models' files are in the archive. Without them it can be imported only where they are stored already.")]
    public bool IncludeArtifacts { get; init; } = true;

    internal ExportSelection Selection => new(new NamePatterns(Models), IncludeArtifacts);
}
