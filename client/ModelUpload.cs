namespace Larder.Client;

/// <summary>A model to upload, and what is said of the new version. What is null is not said.</summary>
public sealed class ModelUpload
{
    /// <summary>The ONNX file, or an archive with one.</summary>
    public required FilePart File { get; init; }

    /// <summary>New description of the model.</summary>
    public string? ModelDescription { get; init; }

    /// <summary>Description of the version.</summary>
    public string? Description { get; init; }

    /// <summary>Tags of the version.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Where the version comes from.</summary>
    public string? Source { get; init; }

    /// <summary>Aliases that are moved to the version.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>The SHA-256 that the file must have, in hexadecimal digits.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Whether the version is published also when it does not give the outputs of its samples.</summary>
    public bool Force { get; init; }

    /// <summary>A repeated upload with the same key is answered with the version of the first. Without one, the client makes a new one.</summary>
    public string? IdempotencyKey { get; init; }
}
