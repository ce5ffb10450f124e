namespace Larder.Registry.Models;

/// <summary>A file that came with a version, stored as an artifact.</summary>
/// <param name="Name">What it is called: <see cref="Card"/>, <see cref="SampleInputs"/>.</param>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
public sealed record VersionFile(string Name, string Sha256, long SizeBytes)
{
    /// <summary>The model card, as Markdown.</summary>
    public const string Card = "README.md";

    /// <summary>The body of a prediction to try the model with, as JSON.</summary>
    public const string SampleInputs = "sample_inputs.json";
}
