using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace Larder.Host.Blobs;

/// <summary>
/// A container and a pattern of blob names, by the Functions host's rules (BlobPathSource.cs and the WebJobs SDK's binding templates;
/// https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-blob-trigger#blob-name-patterns):
/// <c>{name}</c> stands for any text, slashes included, and the first takes as much as it can, so <c>{name}.{ext}</c> splits at the
/// last dot; <c>{{</c> and <c>}}</c> are braces; the rest is itself, upper and lower case apart; a container alone is all its blobs.
/// </summary>
internal sealed partial class BlobPathPattern
{
    // Made when the first blob is compared: the first regular expression without backtracking takes some 20 ms, which the start need not wait for.
    private readonly Lazy<Regex> _regex;

    private BlobPathPattern(string container, string prefix, Lazy<Regex> regex, ImmutableArray<string> parameters) =>
        (Container, Prefix, _regex, Parameters) = (container, prefix, regex, parameters);

    /// <summary>The container.</summary>
    public string Container { get; }

    /// <summary>What the names of all blobs that match begin with.</summary>
    public string Prefix { get; }

    /// <summary>The names in braces, in their order.</summary>
    public ImmutableArray<string> Parameters { get; }

    /// <exception cref="FormatException">The path is no such pattern: a sentence.</exception>
    public static BlobPathPattern Parse(string path)
    {
        var slash = path.IndexOf('/');
        var container = slash < 0 ? path : path[..slash];
        if (slash == 0 || slash == path.Length - 1 || path.Length == 0)
            throw Error(path, "it must be 'container' or 'container/blob'");
        if (container.Contains('{'))
            throw Error(path, "the container cannot be a parameter");
        if (!ContainerName().IsMatch(container))
            throw Error(path, $"'{container}' is not a container's name, which has 3 to 63 lower-case letters, digits and single dashes");

        var pattern = slash < 0 ? "{_}" : path[(slash + 1)..];
        var expression = new StringBuilder("^");
        var prefix = new StringBuilder();
        var parameters = ImmutableArray.CreateBuilder<string>();
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c is '{' or '}' && i + 1 < pattern.Length && pattern[i + 1] == c)
            {
                i++;
            }
            else if (c == '}')
            {
                throw Error(path, "a } has no { before it (a brace of the name itself is written twice)");
            }
            else if (c == '{')
            {
                var end = pattern.IndexOf('}', i);
                if (end < 0)
                    throw Error(path, "a { has no } after it (a brace of the name itself is written twice)");
                var parameter = pattern[(i + 1)..end];
                if (!ParameterName().IsMatch(parameter))
                    throw Error(path, $"'{{{parameter}}}' is not a parameter: between the braces stands a name of letters, digits and _");
                if (parameters.Contains(parameter, StringComparer.OrdinalIgnoreCase))
                    throw Error(path, $"'{{{parameter}}}' stands in it twice");
                parameters.Add(parameter);
                expression.Append($"(?<{parameter}>.*)");
                i = end;
                continue;
            }

            expression.Append(Regex.Escape(c.ToString()));
            if (parameters.Count == 0)
                prefix.Append(c);
        }

        if (slash < 0)
            parameters.Clear();
        // Without backtracking, no blob's name can make the match slow.
        var options = RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant;
        return new(container, prefix.ToString(), new(() => new Regex(expression.Append('$').ToString(), options)), parameters.ToImmutable());
    }

    /// <summary>Compares a blob's name.</summary>
    /// <param name="blobName">The name, without the container.</param>
    /// <param name="values">The parameters' values by name, in any case.</param>
    public bool TryMatch(string blobName, [NotNullWhen(true)] out IReadOnlyDictionary<string, string>? values)
    {
        var match = _regex.Value.Match(blobName);
        // $ also stands before a line feed at the end, which a blob's name may have.
        if (!match.Success || match.Length != blobName.Length)
        {
            values = null;
            return false;
        }

        values = Parameters.ToDictionary(name => name, name => match.Groups[name].Value, StringComparer.OrdinalIgnoreCase);
        return true;
    }

    private static FormatException Error(string path, string why) => new($"the path '{path}' cannot be used: {why}.");

    [GeneratedRegex(@"^(\$root|\$web|\$logs|(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*)$")]
    private static partial Regex ContainerName();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex ParameterName();
}
