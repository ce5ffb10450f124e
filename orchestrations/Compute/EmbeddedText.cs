namespace Larder.Orchestrations.Compute;

/// <summary>Texts that this assembly carries.</summary>
internal static class EmbeddedText
{
    /// <summary>Reads one by its name.</summary>
    public static string Read(string name)
    {
        using var stream = typeof(EmbeddedText).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"This build lacks {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
