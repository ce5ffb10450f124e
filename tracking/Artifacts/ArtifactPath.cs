using System.Text;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Tracking.Artifacts;

/// <summary>
/// The path of an artifact in its run or logged model: names with <c>/</c> between them. No path ever reaches a file system, or the name of a blob as it is; the rules keep it from meaning something else
/// to a client that makes a local path of it, or decodes it once more.
/// </summary>
public sealed record ArtifactPath
{
    private const int MaxLength = 1000;
    private const int MaxNameBytes = 255;
    private const int MaxNames = 32;
    private const int MaxDecodings = 10;

    private ArtifactPath(string[] names) => Names = names;

    /// <summary>The path of the folder that has all of a run's artifacts.</summary>
    public static ArtifactPath Root { get; } = new([]);

    /// <summary>The names of its folders, from the outermost on, then its own; empty for the root.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether it is the root.</summary>
    public bool IsRoot => Names.Count == 0;

    /// <summary>Its own name; empty for the root.</summary>
    public string Name => IsRoot ? "" : Names[^1];

    /// <summary>The folder that it is in; the root for the root.</summary>
    public ArtifactPath Folder => IsRoot ? Root : new([.. Names.Take(Names.Count - 1)]);

    /// <summary>A path below this one.</summary>
    public ArtifactPath this[string name] => new([.. Names, name]);

    /// <summary>The path of a text; of an empty one, the root.</summary>
    /// <exception cref="InvalidRequestException">It breaks a rule, which the sentence says.</exception>
    public static ArtifactPath Parse(string? path)
    {
        if (string.IsNullOrEmpty(path))
            return Root;
        if (path.Length > MaxLength)
            throw Invalid(path, $"it has more than {MaxLength} characters");
        var names = path.Split('/');
        if (names.Length > MaxNames)
            throw Invalid(path, $"it has more than {MaxNames} names");
        if (Problem(path, names) is { } problem)
            throw Invalid(path, problem);

        // What is decoded once too often must not become another path.
        var decoded = path;
        for (var round = 0; ; round++)
        {
            var next = Uri.UnescapeDataString(decoded);
            if (next == decoded)
                return new(names);
            var parts = next.Split('/');
            var hidden = parts.Length != names.Length ? "it has a '/' that is percent-encoded" : Problem(next, parts);
            if (hidden is not null || round == MaxDecodings)
                throw Invalid(path, hidden is null ? "it is percent-encoded too often" : $"when it is percent-decoded, {hidden}");
            decoded = next;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join('/', Names);

    /// <inheritdoc/>
    public bool Equals(ArtifactPath? other) => other is not null && Names.SequenceEqual(other.Names);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static string? Problem(string path, string[] names)
    {
        if (path[0] == '/' || (path.Length > 1 && path[1] == ':' && char.IsAsciiLetter(path[0])))
            return "it must be relative";
        if (path.Contains('\\'))
            return "it has a backslash; names have '/' between them";
        foreach (var name in names)
        {
            if (name.Length == 0)
                return "it has an empty name";
            if (name is "." or "..")
                return "no name can be '.' or '..'";
            if (name.Any(char.IsControl))
                return "it has a control character";
            if (Encoding.UTF8.GetByteCount(name) > MaxNameBytes)
                return $"a name has more than {MaxNameBytes} bytes in UTF-8";
        }
        for (var i = 0; i < path.Length; i++)
        {
            if (!char.IsSurrogate(path[i]))
                continue;
            if (i + 1 == path.Length || !char.IsSurrogatePair(path[i], path[i + 1]))
                return "it has half of a surrogate pair";
            i++;
        }
        return null;
    }

    // "Invalid path" is what MLflow says, and nothing else.
    private static InvalidRequestException Invalid(string path, string problem) => new($"Invalid path {Quoted.Text(path)}: {problem}.");
}
