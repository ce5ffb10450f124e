using Larder.Inference;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Registry.Errors;
using Larder.Registry.Samples;
using Larder.Registry.Text;

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

    /// <summary>Refuses a patch with a text that is too long or a setting that is out of range.</summary>
    /// <exception cref="InvalidRequestException">It has one.</exception>
    internal void Validate()
    {
        FieldLimits.ValidateDescription(Description);
        FieldLimits.ValidateShort(Owner, "owner");
        if (Tags is not null)
            FieldLimits.ValidateTags(Tags.ToDictionary(tag => tag.Key, tag => tag.Value ?? ""));
        if (Settings is not null)
            SettingsRules.Validate(Settings);
        if (Image is not null)
            SettingsRules.Validate(new ModelSettings { Image = Image });
    }

    /// <summary>Whether it changes settings.</summary>
    internal bool HasSettings => Settings is not null || Image is not null;

    /// <summary>Refuses settings that cannot work with a model.</summary>
    /// <exception cref="InvalidRequestException">They cannot.</exception>
    internal void CheckFits(ModelDescription description)
    {
        if (Settings is not null)
            SettingsRules.CheckFits(Settings, description);
        if (Image is not null)
            SettingsRules.CheckFits(new ModelSettings { Image = Image }, description);
    }
}

/// <summary>What to change of a version; null leaves a property as it is. Its file, and where it was made, never change.</summary>
public sealed record VersionPatch
{
    /// <summary>The new description; empty removes it.</summary>
    public string? Description { get; init; }

    /// <summary>Where it comes from, in the caller's words; not empty.</summary>
    public string? Source { get; init; }

    /// <summary>Tags to set, or to remove where the value is null; others stay.</summary>
    public IReadOnlyDictionary<string, string?>? Tags { get; init; }

    /// <summary>The names of the classes, all of them; empty for none.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The columns of its only input, all of them; empty for none.</summary>
    public IReadOnlyList<Feature>? Features { get; init; }

    /// <summary>How far its outputs may be from those of its samples.</summary>
    public SampleTolerance? SampleTolerance { get; init; }

    /// <summary>The files of its samples, stored already; empty for none.</summary>
    public IReadOnlyList<VersionFile>? Samples { get; init; }

    /// <summary>The comparison of its outputs with <see cref="Samples"/>.</summary>
    public SampleCheck? SampleCheck { get; init; }

    /// <summary>The version with the changes.</summary>
    /// <exception cref="InvalidRequestException">One of them is not allowed, or does not fit the version's model.</exception>
    internal ModelVersion Apply(ModelVersion version)
    {
        if (Features is not null)
            FeatureRules.Check(Features, version.Onnx.Signature);
        var tags = TagPatch.Apply(version.Tags, Tags);
        return version with
        {
            Description = Description ?? version.Description,
            Source = Source ?? version.Source,
            Tags = tags,
            Labels = Labels ?? version.Labels,
            Features = Features ?? version.Features,
            SampleTolerance = SampleTolerance ?? version.SampleTolerance,
            Files = Samples is null ? version.Files : [.. version.Files.Where(file => file.Name is not (VersionFile.SampleInputs or VersionFile.SampleOutputs)), .. Samples],
            // With another tolerance the outcome may be another one.
            SampleCheck = Samples is not null ? SampleCheck : SampleTolerance is null ? version.SampleCheck : null,
        };
    }

    /// <summary>Refuses a patch whose values are not allowed, whatever the version is.</summary>
    /// <exception cref="InvalidRequestException">It has one.</exception>
    internal void Validate()
    {
        FieldLimits.ValidateDescription(Description);
        if (Source is not null)
        {
            if (string.IsNullOrWhiteSpace(Source) || Source.Any(char.IsControl))
                throw new InvalidRequestException("The source must have printable characters.");
            FieldLimits.ValidateSource(Source);
        }

        if (Tags is not null)
            FieldLimits.ValidateTags(Tags.ToDictionary(tag => tag.Key, tag => tag.Value ?? ""));
        FieldLimits.ValidateLabels(Labels);
        FieldLimits.ValidateFeatures(Features);
        SampleTolerance?.Validate();
    }
}

/// <summary>Sets and removes tags as JSON merge patch (RFC 7396) has it.</summary>
internal static class TagPatch
{
    /// <exception cref="InvalidRequestException">There are too many tags now.</exception>
    public static IReadOnlyDictionary<string, string> Apply(IReadOnlyDictionary<string, string> tags, IReadOnlyDictionary<string, string?>? changes)
    {
        if (changes is null)
            return tags;
        var merged = new SortedDictionary<string, string>(tags.ToDictionary(), StringComparer.Ordinal);
        foreach (var (key, value) in changes)
            _ = value is null ? merged.Remove(key) : (merged[key] = value) is not null;
        FieldLimits.ValidateTags(merged);
        return merged;
    }

    /// <summary>What leads from some tags to others: values that are new, null for tags that went; null when they are the same.</summary>
    public static IReadOnlyDictionary<string, string?>? Between(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after)
    {
        var changes = after.Where(tag => before.GetValueOrDefault(tag.Key) != tag.Value).ToDictionary(tag => tag.Key, tag => (string?)tag.Value);
        foreach (var gone in before.Keys.Where(key => !after.ContainsKey(key)))
            changes[gone] = null;
        return changes.Count == 0 ? null : changes;
    }
}

/// <summary>Refuses settings that no model could be served with, before they are stored.</summary>
internal static class SettingsRules
{
    public static void Validate(ModelSettings settings)
    {
        // JSON can say null where the type does not.
        if (settings.Session is null || settings.Batching is null || settings.Queue is null || settings.Image is null || settings.Cache is null)
            throw new InvalidRequestException("The settings cannot be used: session, batching, queue, image and cache cannot be null.");
        try
        {
            settings.Session.Validate();
            settings.Batching.Validate();
            settings.Queue.Validate();
            settings.Image.Validate();
            settings.Cache.Validate();
            settings.ValidateMissing();
        }
        catch (InvalidSettingsException e)
        {
            throw new InvalidRequestException(e.Message);
        }
    }

    public static void CheckFits(ModelSettings settings, ModelDescription description)
    {
        try
        {
            settings.RequireFits(description);
        }
        catch (InvalidSettingsException e)
        {
            throw new InvalidRequestException(e.Message);
        }
    }
}
