namespace Larder.Tracking.Experiments;

/// <summary>An experiment: what groups runs.</summary>
public sealed record Experiment
{
    /// <summary>Its id, a number in decimal; <c>0</c> is that of the default experiment.</summary>
    public required string Id { get; init; }

    /// <summary>Its name, unique.</summary>
    public required string Name { get; init; }

    /// <summary>Where artifacts of its runs are, as a URI.</summary>
    public required string ArtifactLocation { get; init; }

    /// <summary>When it was created, in milliseconds since 1970.</summary>
    public required long CreationTime { get; init; }

    /// <summary>When it was last changed, in milliseconds since 1970.</summary>
    public required long LastUpdateTime { get; init; }

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>When it was deleted; null while it is active. It can be restored until it is purged.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Whether its runs are being deleted for good, and then it: nothing sees it any more.</summary>
    public bool IsPurging { get; init; }

    /// <summary>Counts the changes, so that a later state is told from an earlier one.</summary>
    public long Revision { get; init; }

    /// <summary>Whether it is not deleted.</summary>
    public bool IsActive => DeletedAt is null;
}

/// <summary>The claim of an experiment's name. It holds while the experiment has that name, and for a moment before.</summary>
/// <param name="Name">The name.</param>
/// <param name="ExperimentId">Which experiment claims it.</param>
/// <param name="ClaimedAt">When.</param>
internal sealed record ExperimentName(string Name, string ExperimentId, DateTimeOffset ClaimedAt);
