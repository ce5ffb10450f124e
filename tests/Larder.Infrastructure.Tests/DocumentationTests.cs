using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>Files and tests that the pages name exist, so a change that moves or renames one must change the page too.</summary>
public sealed partial class DocumentationTests
{
    private static readonly IReadOnlyList<string> Files = Repository.Files();
    private static readonly List<(string Path, string Text)> Pages =
        [.. Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal)).Select(file => (file, CodeBlock().Replace(Repository.Read(file), "")))];

    [Fact]
    public void Links_lead_to_files_and_folders() => Assert.Empty(
        from page in Pages
        from Match link in Link().Matches(page.Text)
        let target = link.Groups["target"].Value
        where !target.Contains("://", StringComparison.Ordinal) && !Path.Exists(Repository.Path($"{Folder(page.Path)}/{target}"))
        select $"{page.Path}: {target}");

    [Fact]
    public void Paths_of_source_files_are_right() => Assert.Empty(
        from page in Pages
        from Match source in Source().Matches(page.Text)
        let path = source.Groups["path"].Value
        where !Files.Contains(path) && !Files.Contains($"{Folder(page.Path)}/{path}") && !Files.Any(file => file.EndsWith($"/{path}", StringComparison.Ordinal))
        select $"{page.Path}: {path}");

    [Fact]
    public void Tests_that_are_named_exist()
    {
        var tests = Files.Where(file => file.StartsWith("tests/", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(file => TestClass().Matches(Repository.Read(file)).Select(match => match.Groups["name"].Value)).ToHashSet();
        var named = Pages.SelectMany(page => TestName().Matches(page.Text).Select(match => (page.Path, Name: match.Groups["name"].Value))).ToList();

        Assert.True(named.Count > 50, $"{named.Count} tests are named.");
        Assert.Empty(named.Where(one => !tests.Contains(one.Name)).Select(one => $"{one.Path}: {one.Name}"));
    }

    private static string Folder(string page) => Path.GetDirectoryName(page) is { Length: > 0 } folder ? folder.Replace('\\', '/') : ".";

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex Link();

    // Documents in JSON are left out: most of those that pages name are a job's.
    [GeneratedRegex(@"`(?<path>[\w./-]+\.(cs|py|js|bicep|md|yml|sh|csproj))`")]
    private static partial Regex Source();

    [GeneratedRegex(@"`(?<name>[A-Z]\w+Tests)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\bclass (?<name>\w+Tests)\b")]
    private static partial Regex TestClass();
}
