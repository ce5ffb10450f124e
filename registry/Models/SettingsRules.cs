using Larder.Inference;
using Larder.Inference.Settings;
using Larder.Registry.Errors;

namespace Larder.Registry.Models;

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
