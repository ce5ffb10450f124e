using System.Diagnostics.CodeAnalysis;

namespace Larder.Orchestrations.Options;

/// <summary>What the names in a dictionary of options may be.</summary>
/// <param name="pattern">As ECMA-262 has it.</param>
/// <param name="description">The same in words, to follow "must be".</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OptionNamesAttribute([StringSyntax(StringSyntaxAttribute.Regex)] string pattern, string description) : Attribute
{
    /// <summary>The regular expression.</summary>
    public string Pattern => pattern;

    /// <summary>The same in words.</summary>
    public string Description => description;
}
