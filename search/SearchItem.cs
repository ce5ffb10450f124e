using Larder.Registry.Ratings;

namespace Larder.Search;

/// <summary>Something that can be found: a model, a version, a data set, a run or a job.</summary>
public sealed record SearchItem
{
    /// <summary>The kinds, in the order in which they are shown.</summary>
    public static readonly IReadOnlyList<string> Kinds = ["model", "version", "dataset", "run", "job"];

    /// <summary>One of <see cref="Kinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Its id within the kind, as <c>iris:3</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Title { get; init; }

    /// <summary>Its path in the API, escaped.</summary>
    public required string Link { get; init; }

    /// <summary>The path of its page, escaped.</summary>
    public required string Page { get; init; }

    /// <summary>The model that it is about; null for runs, which are about all models.</summary>
    public string? Model { get; init; }

    /// <summary>The type of a job.</summary>
    public string? JobType { get; init; }

    /// <summary>What kind of version it is: <c>model</c>, <c>optimized</c>, <c>other</c>.</summary>
    public string? VersionKind { get; init; }

    /// <summary>Its owner, or who made it, where that is known.</summary>
    public string? Owner { get; init; }

    /// <summary>The id of the experiment of a run.</summary>
    public string? Experiment { get; init; }

    /// <summary>Its state, where it has one.</summary>
    public string? State { get; init; }

    /// <summary>A text about it; empty for none.</summary>
    public string Description { get; init; } = "";

    /// <summary>Words about it that are no sentences: names of columns, files, reasons.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>What a run was given.</summary>
    public IReadOnlyDictionary<string, string> Params { get; init; } = new Dictionary<string, string>();

    /// <summary>Its metrics.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>When it came to be.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset Updated { get; init; }

    /// <summary>What tells it from all others.</summary>
    public string Key => $"{Kind}/{Id}";

    /// <summary>What callers think of the model: of a model and its versions.</summary>
    public RatingSummary Rating { get; init; } = RatingSummary.None;

    /// <summary>What jobs name when they use it; null where they cannot.</summary>
    internal string? UsedAs { get; init; }

    /// <summary>Of a job: what it uses, as <see cref="UsedAs"/> says it.</summary>
    internal IReadOnlyList<string> Uses { get; init; } = [];
}
