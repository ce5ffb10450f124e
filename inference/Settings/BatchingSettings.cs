namespace Larder.Inference;

/// <summary>Whether concurrent requests are run together, and how many rows one run may carry.</summary>
public sealed record BatchingSettings
{
    /// <summary>True or false decides; null follows the trial (<see cref="ModelDescription.RowsAreIndependent"/>).</summary>
    public bool? Enabled { get; init; }

    /// <summary>Most rows in one run. A request with more runs alone.</summary>
    public int MaxRows { get; init; } = 64;
}
