using System.Reflection;

namespace Larder.Functions.Tests.Reference;

/// <summary>The pages of docs/reference/, which the tests of this folder make of the code and compare with the committed ones.</summary>
internal static class ReferenceFiles
{
    private const string Update = "LARDER_UPDATE_REFERENCE";

    /// <summary>What writes all pages again.</summary>
    public const string Command = $"{Update}=1 dotnet test tests/Larder.Functions.Tests --filter FullyQualifiedName~Tests.Reference.";

    /// <summary>The folder docs/ of the repository.</summary>
    public static string Docs { get; } = typeof(ReferenceFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "DocsFolder").Value!;

    /// <summary>Fails, with the first line that differs, if a committed page is not the one that was made; with the variable set, writes it first.</summary>
    public static void Check(string name, MarkdownPage page)
    {
        var file = Path.Combine(Docs, "reference", name);
        var text = page.ToString();
        if (Environment.GetEnvironmentVariable(Update) is { Length: > 0 })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }

        var (committed, made) = (Lines(File.Exists(file) ? File.ReadAllText(file) : ""), Lines(text));
        var number = Enumerable.Range(0, Math.Max(committed.Length, made.Length)).FirstOrDefault(line => committed.ElementAtOrDefault(line) != made.ElementAtOrDefault(line), -1);
        Assert.True(
            number < 0,
            $"docs/reference/{name} is not what the code says. Run: {Command}\nLine {number + 1} is: {committed.ElementAtOrDefault(number)}\nIt should be: {made.ElementAtOrDefault(number)}");

        static string[] Lines(string text) => text.ReplaceLineEndings("\n").Split('\n');
    }
}
