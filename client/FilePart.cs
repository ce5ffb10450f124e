namespace Larder.Client;

/// <summary>A file of a request.</summary>
/// <param name="fileName">Its name, without a folder.</param>
/// <param name="content">Its bytes, from the stream's position on. The stream stays the caller's. A request with a stream that cannot seek is not repeated.</param>
public sealed class FilePart(string fileName, Stream content)
{
    /// <summary>Its name, without a folder.</summary>
    public string FileName { get; } = fileName;

    /// <summary>Its bytes.</summary>
    public Stream Content { get; } = content;
}
