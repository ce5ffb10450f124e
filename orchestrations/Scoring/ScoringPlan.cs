using Larder.Inference.Rows;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Orchestrations.Scoring.Rows;

namespace Larder.Orchestrations.Scoring;

/// <summary>How a data set is scored, as it was found to be possible: written once, read by every chunk.</summary>
internal sealed record ScoringPlan
{
    /// <summary>As <see cref="ScoreOptions.Format"/>.</summary>
    public required string Format { get; init; }

    /// <summary>Between the fields of CSV.</summary>
    public required char Delimiter { get; init; }

    /// <summary>Columns of CSV, in order; members of the first line of JSON.</summary>
    public required IReadOnlyList<string> Header { get; init; }

    /// <summary>Whether CSV has a header.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>What goes into each input.</summary>
    public required IReadOnlyList<InputMapping> Feeds { get; init; }

    /// <summary>What the result repeats.</summary>
    public required IReadOnlyList<string> Keep { get; init; }

    /// <summary>The outputs that the result has.</summary>
    public required IReadOnlyList<ScoreColumn> Outputs { get; init; }

    /// <summary>The result's column for the version.</summary>
    public required string VersionColumn { get; init; }

    /// <summary>The result's column for why a row could not be scored.</summary>
    public required string ErrorColumn { get; init; }

    /// <summary>Whether the names of columns are the model's features: a row of JSON then has no other members.</summary>
    public bool ByFeatures { get; init; }

    /// <summary>The version's features when the job was planned: they may be edited meanwhile.</summary>
    public IReadOnlyList<Feature> Features { get; init; } = [];

    /// <summary>The version's labels, likewise.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The result's column for the name of the class; null for none.</summary>
    public string? LabelColumn { get; init; }

    /// <summary>Where the first row begins, or anything before it.</summary>
    public required long DataStart { get; init; }

    /// <summary>Chunks.</summary>
    public int Chunks { get; init; }

    /// <summary>Rows.</summary>
    public long Rows { get; init; }

    /// <summary>Whether it is CSV.</summary>
    internal bool IsCsv => Format == ScoreOptions.Csv;

    /// <summary>Room for rows of the model.</summary>
    internal RowBatch Batch(LoadedModel model) =>
        new(model, [.. Feeds.Select(feed => feed.IsWhole ? -1 : feed.Columns.Count)], FeatureColumns.Of(Features, model.Signature));

    /// <summary>The names of the classes, if the result has them.</summary>
    internal ClassLabels? LabelsOf(LoadedModel model) => LabelColumn is null ? null : ClassLabels.Of(Labels, model.Signature);

    /// <summary>What reads its rows.</summary>
    internal IDataRows Open(ReadOnlyMemory<byte> bytes, ModelSignature signature) => IsCsv ? new CsvRows(this, bytes) : new JsonRows(this, bytes, signature);
}

/// <summary>An output of a model in the result.</summary>
/// <param name="Output">Its place in the signature.</param>
/// <param name="Layout">What its rows are, for CSV.</param>
/// <param name="Names">Its columns; in JSON it has one.</param>
internal sealed record ScoreColumn(int Output, RowLayout Layout, IReadOnlyList<string> Names);

/// <summary>What goes into an input of a model.</summary>
/// <param name="Columns">Columns with one value each; or the one with the whole value.</param>
/// <param name="IsWhole">Whether the value is nested JSON.</param>
internal sealed record InputMapping(IReadOnlyList<string> Columns, bool IsWhole = false);
