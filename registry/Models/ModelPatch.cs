using Larder.Inference.Settings;

namespace Larder.Registry.Models;

/// <summary>What to change of a model; null leaves a property as it is.</summary>
public sealed record ModelPatch
{
    /// <summary>The new description; empty removes it.</summary>
    public string? Description { get; init; }

    /// <summary>The new owner; empty removes it.</summary>
    public string? Owner { get; init; }

    /// <summary>Tags to set, or to remove where the value is null; others stay (as JSON merge patch, RFC 7396, has it).</summary>
    public IReadOnlyDictionary<string, string?>? Tags { get; init; }

    /// <summary>The new settings, whole.</summary>
    public ModelSettings? Settings { get; init; }

    /// <summary>The new image settings; the others stay.</summary>
    public ImageSettings? Image { get; init; }
}
