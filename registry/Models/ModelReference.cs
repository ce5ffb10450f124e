using System.Globalization;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Registry.Models;

/// <summary>What a URL names: a model, and of it a version, an alias, or what the default is.</summary>
/// <param name="Name">The model.</param>
/// <param name="Version">The version number, when it is named by that.</param>
/// <param name="Alias">The alias, when it is named by one; null for the default.</param>
public sealed record ModelReference(ModelName Name, int? Version = null, string? Alias = null)
{
    /// <summary>Reads <c>name</c>, <c>name:3</c>, <c>name:champion</c> or <c>name:default</c>, which is the same as <c>name</c>.</summary>
    /// <exception cref="InvalidRequestException">It is none of these.</exception>
    public static ModelReference Parse(string reference)
    {
        var colon = reference.IndexOf(':');
        var name = ModelName.Parse(colon < 0 ? reference : reference[..colon]);
        if (colon < 0)
            return new ModelReference(name);

        var which = reference[(colon + 1)..];
        if (IsDigits(which))
            return new ModelReference(name, ParseVersion(which));
        ModelName.ValidateAlias(which);
        return new ModelReference(name, Alias: which == ModelName.Default ? null : which);
    }

    /// <summary>Reads a version number: 1, 2, 3 ... without leading zeros.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static int ParseVersion(string text) =>
        IsDigits(text) && text[0] != '0' && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw new InvalidRequestException($"{Quoted.Text(text)} is not a version number: versions are 1, 2, 3 and so on.");

    /// <summary>Whether text after the colon is meant as a version, not as an alias.</summary>
    internal static bool IsDigits(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9');

    /// <summary>The reference as it is written.</summary>
    public override string ToString() => Version is { } version ? $"{Name}:{version}" : Alias is null ? Name : $"{Name}:{Alias}";
}
