using System.IO.Enumeration;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Text;

namespace Larder.Registry.Backup;

/// <summary>Which models: all, or those whose names fit one of some patterns, in which <c>*</c> stands for any characters.</summary>
public sealed class NamePatterns
{
    /// <summary>The most patterns.</summary>
    public const int Most = 1000;

    private readonly HashSet<string> _unseen;

    /// <summary>Patterns.</summary>
    /// <param name="patterns">None for all models.</param>
    /// <exception cref="InvalidRequestException">One of them can fit no name.</exception>
    public NamePatterns(IReadOnlyList<string> patterns)
    {
        if (patterns.Count > Most)
            throw new InvalidRequestException($"There can be at most {Most} names of models, and these are {patterns.Count}.");
        foreach (var pattern in patterns)
        {
            if (pattern is null || !pattern.Contains('*'))
                _ = ModelName.Parse(pattern ?? "");
            else if (pattern.Length > ModelName.MaxLength || !pattern.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '*'))
                throw new InvalidRequestException($"{Quoted.Text(pattern)} can be no model's name, whatever its * stands for.");
        }

        Patterns = [.. patterns.Order(StringComparer.Ordinal)];
        _unseen = [.. patterns.Where(pattern => !pattern.Contains('*'))];
    }

    /// <summary>The patterns, in order.</summary>
    public IReadOnlyList<string> Patterns { get; }

    /// <summary>Whether all models are meant.</summary>
    public bool AreAll => Patterns.Count == 0;

    /// <summary>Names without a wildcard that no model had so far.</summary>
    public IEnumerable<string> Unmatched => _unseen.Order(StringComparer.Ordinal);

    /// <summary>Whether a model is meant.</summary>
    public bool Matches(string name)
    {
        _unseen.Remove(name);
        return AreAll || Patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));
    }
}
