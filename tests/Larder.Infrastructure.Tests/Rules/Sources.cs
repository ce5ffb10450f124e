using System.Text.Json;

namespace Larder.Infrastructure.Tests;

/// <summary>All files of one infrastructure: the real folder, or a few inline.</summary>
internal sealed class Sources
{
    private readonly Dictionary<string, string> _texts;
    private readonly Dictionary<string, BicepFile> _files;

    public Sources(params (string Path, string Text)[] texts)
    {
        _texts = texts.ToDictionary(text => text.Path, text => text.Text);
        _files = texts
            .Where(text => text.Path.EndsWith(".bicep", StringComparison.Ordinal) || text.Path.EndsWith(".bicepparam", StringComparison.Ordinal))
            .ToDictionary(text => text.Path, text => Read(text.Path, text.Text));
    }

    public IEnumerable<BicepFile> Files => _files.Values;

    /// <summary>What is in infra-bicep/, and host.json, which it loads.</summary>
    public static Sources Deployed()
    {
        var folder = Repository.Path("infra-bicep");
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".bicep" or ".bicepparam" or ".json")
            .Append(Repository.Path("functions/host.json"));
        return new([.. files.Select(file => (Path.GetRelativePath(folder, file).Replace('\\', '/'), File.ReadAllText(file)))]);
    }

    /// <summary>The Bicep file that a path in another one names; null when there is none.</summary>
    public BicepFile? Find(BicepFile from, string path) => _files.GetValueOrDefault(Resolve(from, path));

    /// <summary>The JSON file that a path in a Bicep file names; null when there is none.</summary>
    public JsonElement? FindJson(BicepFile from, string path) =>
        _texts.TryGetValue(Resolve(from, path), out var text) ? JsonDocument.Parse(text).RootElement : null;

    private static string Resolve(BicepFile from, string path)
    {
        var parts = new List<string>(from.Path.Split('/')[..^1]);
        foreach (var part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0 && parts[^1] != "..")
                parts.RemoveAt(parts.Count - 1);
            else if (part != ".")
                parts.Add(part);
        }
        return string.Join('/', parts);
    }

    private static BicepFile Read(string path, string text)
    {
        try
        {
            return new(path, Parser.Parse(text));
        }
        catch (BicepSyntaxException exception)
        {
            throw new InvalidDataException($"{path}:{exception.Message}", exception);
        }
    }
}
