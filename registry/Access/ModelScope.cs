using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Text;

namespace Larder.Registry.Access;

/// <summary>Some models: those whose name begins in one of some ways, and those that have one of some tags.</summary>
public sealed record ModelScope
{
    private const int Most = 50;

    /// <summary>Beginnings of names.</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    /// <summary>Tags, any of which is enough, with its value.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the model's name alone says that it is one of these.</summary>
    public bool CoversName(string model)
    {
        foreach (var prefix in Prefixes)
            if (model.StartsWith(prefix, StringComparison.Ordinal))
                return true;
        return false;
    }

    /// <summary>Whether the model is one of these.</summary>
    public bool Covers(Model model)
    {
        if (CoversName(model.Name))
            return true;
        foreach (var (tag, value) in Tags)
            if (model.Tags.TryGetValue(tag, out var given) && given == value)
                return true;
        return false;
    }

    /// <summary>Refuses what is no scope.</summary>
    /// <exception cref="InvalidRequestException">It is none: why, in a sentence.</exception>
    internal void Validate()
    {
        if (Prefixes.Count + Tags.Count is 0 or > Most)
            throw new InvalidRequestException($"A scope needs prefixes or tags, at most {Most} of both together; leave it out for all models.");
        foreach (var prefix in Prefixes)
        {
            if (!ModelName.IsWellFormed(prefix))
                throw new InvalidRequestException($"{Quoted.Text(prefix)} is not the beginning of a model's name.");
        }
        FieldLimits.ValidateTags(Tags);
    }
}
