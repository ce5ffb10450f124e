using System.ComponentModel.DataAnnotations;
using Larder.Inference.Signatures;

namespace Larder.Inference.Settings;

/// <summary>Whether concurrent requests are run together, and how many rows one run may carry.</summary>
public sealed record BatchingSettings
{
    /// <summary>True or false decides; null follows the trial (<see cref="ModelDescription.RowsAreIndependent"/>).</summary>
    public bool? Enabled { get; init; }

    /// <summary>Most rows in one run. A request with more runs alone.</summary>
    [Range(1, 65_536)]
    public int MaxRows { get; init; } = 64;

    /// <summary>Refuses what could carry no request.</summary>
    /// <exception cref="InvalidSettingsException">A setting is out of range.</exception>
    public void Validate()
    {
        if (MaxRows is < 1 or > 65_536)
            throw new InvalidSettingsException($"batching.max_rows must be from 1 to 65536; got {MaxRows}.");
    }
}
