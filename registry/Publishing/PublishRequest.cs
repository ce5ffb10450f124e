namespace Larder.Registry;

/// <summary>What comes with a model's file.</summary>
public sealed record PublishRequest
{
    /// <summary>Where the file comes from: <c>upload</c>, a blob drop, a training job, a run.</summary>
    public required string Source { get; init; }

    /// <summary>What the file was called; folders are dropped.</summary>
    public string? FileName { get; init; }

    /// <summary>Description of the version.</summary>
    public string? Description { get; init; }

    /// <summary>Tags of the version.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>New description of the model; null leaves it as it is.</summary>
    public string? ModelDescription { get; init; }

    /// <summary>New owner of the model; null leaves it as it is.</summary>
    public string? Owner { get; init; }

    /// <summary>Who asks, for the audit list.</summary>
    public string? Actor { get; init; }

    internal ModelPatch Patch => new() { Description = ModelDescription, Owner = Owner };

    internal void Validate()
    {
        Texts.ValidateShort(Source, "source");
        Texts.ValidateShort(Texts.FileName(FileName), "file name");
        Texts.ValidateShort(Actor, "actor");
        Texts.ValidateDescription(Description);
        Texts.ValidateTags(Tags);
        ModelRegistry.Validate(Patch);
    }
}
