using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Drift;

/// <summary>The jobs that compare a data set with the one that a version was trained on: <see cref="DetectDrift"/>, told by <see cref="DriftOptions"/>.</summary>
/// <param name="urls">Which URLs.</param>
public sealed class DriftJob(UrlSource urls) : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = DriftVerdict.Type;

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.DetectDrift;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Contributors;

    /// <inheritdoc/>
    public bool KeepsVersion => true;

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job) => urls.RequireSource(job);
}

/// <summary>What a comparison may be told, beside its data set. Its JSON Schema is published, and requests are checked against that.</summary>
public sealed record DriftOptions
{
    /// <summary>The published JSON Schema, with which requests are read.</summary>
    public static OptionSchema<DriftOptions> Schema { get; } = new();

    /// <summary>What to compare with.</summary>
    [Description("The data set to compare with, one that was uploaded in blocks: datasets/{model}/{file_name}. By default the one that the training had which made the version."), MaxLength(2048)]
    public string? Reference { get; init; }

    /// <summary>What both data sets are.</summary>
    [Description("What both data sets are: csv or jsonl. By default what their files' names say."), AllowedValues(ScoreOptions.Csv, ScoreOptions.Jsonl)]
    public string? Format { get; init; }

    /// <summary>Between the fields of CSV.</summary>
    [Description("Between the fields of csv. By default a comma, and a tab in files called .tsv."), AllowedValues(",", ";", "\t", "|")]
    public string? Delimiter { get; init; }

    /// <summary>What to compare.</summary>
    [Description("Columns to compare. By default all that both data sets have."), MaxLength(10_000)]
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Bins of a column of numbers.</summary>
    [Description("Bins into which a column of numbers is divided, with as many of the reference's values in each."), Range(2, 100)]
    public int Bins { get; init; } = 10;

    /// <summary>From when a column has drifted.</summary>
    [Description("Population stability index above which a column has drifted, if it is above what chance alone gives, too. Usual: 0.1 for a small change, 0.2 for a large one."), Range(0.0, 1000.0)]
    public double Threshold { get; init; } = 0.2;

    /// <summary>From when the data has drifted.</summary>
    [Description("Columns that must have drifted before the data has."), Range(1, 10_000)]
    public int MinColumns { get; init; } = 1;
}
