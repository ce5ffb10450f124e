using Larder.Inference;
using Larder.Inference.Settings;
using Larder.Registry.Errors;
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
}

/// <summary>Refuses settings that no model could be served with, before they are stored.</summary>
internal static class SettingsRules
{
    public static void Validate(ModelSettings settings)
    {
        // JSON can say null where the type does not.
        if (settings.Session is null || settings.Batching is null || settings.Image is null)
            throw new InvalidRequestException("The settings cannot be used: session, batching and image cannot be null.");
        try
        {
            settings.Session.Validate();
            settings.Batching.Validate();
            settings.Image.Validate();
        }
        catch (InvalidSettingsException e)
        {
            throw new InvalidRequestException(e.Message);
        }
    }
}
