using Larder.Registry.Errors;

namespace Larder.Registry.Models;

/// <summary>What a model or an alias may be called.</summary>
public static class ModelName
{
    /// <summary>The most characters that a name has.</summary>
    public const int MaxLength = 128;

    /// <summary>The alias that every model has: what a request without a version gets.</summary>
    public const string Default = "default";

    // A route below /models, so no model can be reached under it.
    private const string Reserved = "information";

    /// <summary>Refuses what is no name of a model.</summary>
    /// <param name="name">Compared case-sensitively.</param>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static void Validate(string name)
    {
        if (!IsWellFormed(name))
        {
            throw new InvalidRequestException(
                $"{Shown(name)} is not a model name: use 1 to {MaxLength} letters, digits, '.', '_' or '-', the first a letter or digit.");
        }

        if (name == Reserved)
            throw new InvalidRequestException($"No model can be called '{Reserved}': that word is part of the API.");
    }

    /// <summary>Refuses what is no name of an alias.</summary>
    /// <param name="alias">As a model's name, and not digits only, which would be a version.</param>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static void ValidateAlias(string alias)
    {
        if (!IsWellFormed(alias))
        {
            throw new InvalidRequestException(
                $"{Shown(alias)} is not an alias: use 1 to {MaxLength} letters, digits, '.', '_' or '-', the first a letter or digit.");
        }

        if (IsDigits(alias))
            throw new InvalidRequestException($"'{alias}' is not an alias but a version number: an alias has at least one character that is no digit.");
    }

    internal static bool IsDigits(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9');

    /// <summary>Text from a request as a message may repeat it: short, printable.</summary>
    internal static string Shown(string text)
    {
        const int most = 60;
        var shown = text.Length > most ? $"{text[..most]}..." : text;
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c))}'";
    }

    internal static bool IsWellFormed(string name) =>
        name is { Length: > 0 and <= MaxLength }
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
