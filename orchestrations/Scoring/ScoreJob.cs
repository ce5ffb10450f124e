using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Inference.Limits;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Scoring;

/// <summary>The jobs that score a data set: <see cref="ScoreDataset"/>, told by <see cref="ScoreOptions"/>.</summary>
/// <param name="limits">How many chunks at a time.</param>
/// <param name="urls">Which URLs.</param>
public sealed class ScoreJob(ScoringLimits limits, UrlSource urls) : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "score";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ScoreDataset;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Contributors;

    /// <inheritdoc/>
    public bool KeepsVersion => true;

    /// <inheritdoc/>
    public object InputOf(Job job) => new ScoringInput(job.Id, limits.ParallelChunks, JobOptions.Of<ScoreOptions>(job).MaxErrors);

    /// <inheritdoc/>
    public void Check(Job job) => urls.RequireSource(job);
}

/// <summary>What a scoring may be told, beside its data set. Its JSON Schema is published, and requests are checked against that.</summary>
public sealed record ScoreOptions
{
    /// <summary>Comma-separated (or otherwise delimited) text.</summary>
    public const string Csv = "csv";

    /// <summary>A JSON object on each line.</summary>
    public const string Jsonl = "jsonl";

    /// <summary>The published JSON Schema, with which requests are read.</summary>
    public static OptionSchema<ScoreOptions> Schema { get; } = new();

    /// <summary>What the data set is.</summary>
    [Description("csv or jsonl. By default what the file's name says."), AllowedValues(Csv, Jsonl)]
    public string? Format { get; init; }

    /// <summary>Between the fields of CSV.</summary>
    [Description("Between the fields of csv. By default a comma, and a tab in files called .tsv."), AllowedValues(",", ";", "\t", "|")]
    public string? Delimiter { get; init; }

    /// <summary>Whether CSV begins with a header.</summary>
    [Description("Whether csv begins with a header. Without one, columns are called 1, 2, 3 ... and are fed in their order.")]
    public bool Header { get; init; } = true;

    /// <summary>Whether columns are fed in their order, whatever they are called.</summary>
    [Description("Whether columns are fed in the order that they have, whatever they are called. By default their names must be the model's.")]
    public bool ByPosition { get; init; }

    /// <summary>What to feed.</summary>
    [Description("Columns to feed, in order, over all inputs of the model in their order. By default those that are called as the inputs; else, for a model with one input, all that are not kept: by the names of its features, or by_position."), MaxLength(10_000)]
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>What to keep.</summary>
    [Description("Columns that the result repeats, such as ids."), MaxLength(10_000)]
    public IReadOnlyList<string> Keep { get; init; } = [];

    /// <summary>What to write.</summary>
    [Description("Outputs of the model that the result has. By default all."), MaxLength(1024)]
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>Rows of a chunk.</summary>
    [Description("Rows of a chunk: what is done again after a crash. Very large data sets have larger chunks."), Range(1, 1_000_000)]
    public int ChunkRows { get; init; } = 250_000;

    /// <summary>The most rows that cannot be scored.</summary>
    [Description("Rows that cannot be scored before the job gives up. By default any number; such rows have an error in the result."), Range(0, int.MaxValue)]
    public int? MaxErrors { get; init; }
}

/// <summary>What the scoring of a data set may take (settings <c>Limits:Scoring:*</c>).</summary>
public sealed record ScoringLimits
{
    /// <summary>The largest data set, in bytes.</summary>
    [AtLeast(1)]
    public long DatasetBytes { get; init; } = 10L << 30;

    /// <summary>The longest row, in bytes.</summary>
    [Between(1024, 256 << 20)]
    public long RowBytes { get; init; } = 4L << 20;

    /// <summary>The most columns, of a data set and of a result.</summary>
    [AtLeast(1)]
    public int Columns { get; init; } = 10_000;

    /// <summary>Bytes of a data set from which a chunk ends. A chunk is in memory whole while it is scored.</summary>
    [Between(1024, 256 << 20)]
    public long ChunkBytes { get; init; } = 16L << 20;

    /// <summary>Chunks of a job that are scored at the same time.</summary>
    [Between(1, 64)]
    public int ParallelChunks { get; init; } = 2;

    /// <summary>Hosts from which data sets may be fetched by URL, separated by commas; <c>*.example.com</c> is every host below it. None by default.</summary>
    public string UrlHosts { get; init; } = "";

    /// <summary>Seconds that fetching a data set may take.</summary>
    [AtLeast(1)]
    public int FetchSeconds { get; init; } = 3600;
}
