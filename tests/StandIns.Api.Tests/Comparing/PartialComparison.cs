using System.Text.RegularExpressions;
using StandIns.Api.Tests.Printing;

namespace StandIns.Api.Tests.Comparing;

/// <summary>
/// For listings that were written from a repository instead of printed: by the names of types, and of members with their parameters'
/// types; accessors, enum values, and whether a member is static or protected, count too. What is not in the listing counts as not
/// published, although the package may have it.
/// </summary>
internal sealed partial class PartialComparison : IApiComparison
{
    /// <inheritdoc/>
    public bool WithNullability => false;

    /// <inheritdoc/>
    public bool IsPublished(ApiType type, ApiType published) => true;

    /// <inheritdoc/>
    public bool IsPublished(string member, ApiType published) =>
        Keys(member).ToHashSet().IsSubsetOf(published.Members.SelectMany(Keys));

    /// <summary>What a member's line comes down to: one text, or one for each accessor.</summary>
    internal static IEnumerable<string> Keys(string line)
    {
        line = NativeInteger().Replace(Note().Replace(line, ""), "nint");
        if (EnumMember().IsMatch(line))
            return [line];

        var scope = (line.StartsWith("protected ", StringComparison.Ordinal) ? "protected " : "")
            + (Static().IsMatch(line) ? "static " : "");
        if (Property().Match(line) is { Success: true } property)
        {
            var name = property.Groups["name"].Value;
            if (Indexer().Match(line) is { Success: true } indexer)
                name = $"this[{ParameterTypes(indexer.Groups["parameters"].Value)}]";
            return property.Groups["accessors"].Value
                .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(accessor => $"{scope}{name}.{accessor}");
        }

        if (Method().Match(line) is { Success: true } method)
            return [$"{scope}{method.Groups["name"].Value}({ParameterTypes(method.Groups["parameters"].Value)})"];

        // A field or an event, with or without a value.
        return [scope + line.Split(" = ")[0].SplitOutsideBrackets(' ').Last()];
    }

    private static string ParameterTypes(string parameters) =>
        string.Join(", ", parameters.SplitOutsideBrackets(',').Select(parameter =>
        {
            var words = parameter.Split(" = ")[0].SplitOutsideBrackets(' ').ToList();
            return string.Join(' ', words.SkipWhile(word => word is "this" or "params").SkipLast(1));
        }));

    [GeneratedRegex(@"  \[[^\]]*\]$")]
    private static partial Regex Note();

    // In metadata the two are one.
    [GeneratedRegex(@"\bIntPtr\b")]
    private static partial Regex NativeInteger();

    [GeneratedRegex(@"^\w+ = -?\d+$")]
    private static partial Regex EnumMember();

    [GeneratedRegex(@"^(public|protected) static ")]
    private static partial Regex Static();

    [GeneratedRegex(@" (?<name>\w+)?[^ ]* \{ (?<accessors>.*) \}$")]
    private static partial Regex Property();

    [GeneratedRegex(@" this\[(?<parameters>.*)\] \{")]
    private static partial Regex Indexer();

    // The first bracket that follows a name begins the parameters; the types before it have none.
    [GeneratedRegex(@"^[^(]*?(?<name>\w+(<[\w, ]+>)?)\((?<parameters>.*?)\)( where .*)?$")]
    private static partial Regex Method();
}
