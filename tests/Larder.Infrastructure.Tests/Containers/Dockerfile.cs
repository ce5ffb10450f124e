using System.Text.Json;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests.Containers;

/// <summary>An instruction of a Dockerfile: its keyword, in capitals, and the rest with continued lines joined.</summary>
internal sealed record Instruction(string Keyword, string Text)
{
    /// <summary>The words of the exec form, as <c>["dotnet", "x.dll"]</c>; what comes before it is left out.</summary>
    public string[] Words => Text.IndexOf('[') is >= 0 and var start
        ? JsonSerializer.Deserialize<string[]>(Text[start..])!
        : throw new FormatException($"{Keyword} is not in exec form: {Text}");
}

/// <summary>The repository's Dockerfile, as far as tests ask.</summary>
internal sealed partial class Dockerfile
{
    private Dockerfile(IReadOnlyList<Instruction> instructions) => Instructions = instructions;

    public static Dockerfile OfRepository { get; } = Parse(Repository.Read("Dockerfile"));

    public IReadOnlyList<Instruction> Instructions { get; }

    /// <summary>Those of the last stage, which becomes the image.</summary>
    public IEnumerable<Instruction> Image => Instructions.Skip(Instructions.ToList().FindLastIndex(instruction => instruction.Keyword == "FROM"));

    /// <summary>The environment of the image.</summary>
    public IReadOnlyDictionary<string, string> Environment => Image.Where(instruction => instruction.Keyword == "ENV")
        .SelectMany(instruction => Variable().Matches(instruction.Text)).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value);

    /// <summary>The only instruction of a kind in the image.</summary>
    public Instruction Single(string keyword) => Image.Single(instruction => instruction.Keyword == keyword);

    public static Dockerfile Parse(string text)
    {
        var lines = text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Where(line => line.Length > 0 && line[0] != '#');
        return new([.. lines.Select(line => line.Split(' ', 2)).Select(parts => new Instruction(parts[0].ToUpperInvariant(), parts[1].Trim()))]);
    }

    [GeneratedRegex(@"(?<name>\w+)=(?<value>\S+)")]
    private static partial Regex Variable();
}
