using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Options;

namespace Larder.Orchestrations.Scoring;

/// <summary>What a scoring may be told, beside its data set. Its JSON Schema is published, and requests are checked against that.</summary>
public sealed record ScoreOptions
{
    /// <summary>Comma-separated (or otherwise delimited) text.</summary>
    public const string Csv = "csv";

    /// <summary>A JSON object on each line.</summary>
    public const string Jsonl = "jsonl";

    /// <summary>What is published, and what requests are read with.</summary>
    public static OptionSchema<ScoreOptions> Schema { get; } = new();

    /// <summary>What the data set is.</summary>
    [Description("csv or jsonl. By default what the file's name says."), AllowedValues(Csv, Jsonl)]
    public string? Format { get; init; }

    /// <summary>Between the fields of CSV.</summary>
    [Description("Between the fields of csv. By default a comma, and a tab in files called .tsv."), AllowedValues(",", ";", "\t", "|")]
    public string? Delimiter { get; init; }

    /// <summary>What to feed.</summary>
    [Description("Columns to feed, in order, over all inputs of the model in their order. By default those that are called as the inputs; else, for a model with one input, all that are not kept."), MaxLength(10_000)]
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
