namespace Larder.Inference.Settings;

/// <summary>A model's settings cannot be used. The message is a sentence that names the setting and what it may be.</summary>
public sealed class InvalidSettingsException(string message) : Exception(message);
