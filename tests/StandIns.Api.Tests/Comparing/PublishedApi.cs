using StandIns.Api.Tests.Printing;

namespace StandIns.Api.Tests.Comparing;

/// <summary>What one or more packages have published: their listings in api/.</summary>
internal sealed class PublishedApi
{
    private const string Indentation = "    ";

    private readonly Dictionary<string, (string Header, List<string> Members)> types = [];

    /// <param name="lines">The lines of all listings.</param>
    public PublishedApi(IEnumerable<string> lines)
    {
        List<string>? members = null;
        foreach (var line in lines.Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line.StartsWith(Indentation, StringComparison.Ordinal))
            {
                (members ?? throw new InvalidDataException($"A member without a type: {line}")).Add(line.Trim());
                continue;
            }

            // Packages share the names of some classes of extension methods.
            var name = NameOf(line);
            if (!types.TryGetValue(name, out var type))
                types.Add(name, type = (line, []));
            members = type.Members;
        }
    }

    /// <summary>Reads listings of the output folder.</summary>
    /// <param name="names">Assembly names.</param>
    public static PublishedApi Load(IEnumerable<string> names) =>
        new(names.SelectMany(name => File.ReadLines(Path.Combine(AppContext.BaseDirectory, "api", name + ".txt"))));

    /// <summary>A type by its name; null when nobody has published it.</summary>
    public ApiType? Find(string name) => types.TryGetValue(name, out var type) ? new ApiType(type.Header, type.Members) : null;

    /// <summary>The full name in a type's line.</summary>
    public static string NameOf(string header)
    {
        var text = header.Split(" : ")[0].Split("  [")[0].Split(" where ")[0];
        var depth = 0;
        for (var i = text.Length - 1; i >= 0; i--)
        {
            depth += text[i] switch { '>' => 1, '<' => -1, _ => 0 };
            if (text[i] == ' ' && depth == 0)
                return text[(i + 1)..];
        }

        return text;
    }
}
