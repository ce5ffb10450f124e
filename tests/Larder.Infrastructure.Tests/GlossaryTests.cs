using System.Text.Json;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>docs/glossary.md names types, settings and files that exist.</summary>
public sealed partial class GlossaryTests
{
    private static readonly List<(string Term, string Meaning, string Where)> Rows =
    [
        .. Row().Matches(Repository.Read("docs/glossary.md")).Select(row => (row.Groups["term"].Value, row.Groups["meaning"].Value, row.Groups["where"].Value))
            .Where(row => row.Item1 is not ("term" or "---")),
    ];

    [Fact]
    public void Every_term_is_explained_in_one_sentence() => Assert.All(Rows, row =>
    {
        Assert.EndsWith(".", row.Meaning, StringComparison.Ordinal);
        Assert.DoesNotContain(". ", row.Meaning.Replace("...", "", StringComparison.Ordinal), StringComparison.Ordinal);
    });

    [Fact]
    public void Every_term_names_a_type_a_setting_or_a_file_that_exists()
    {
        var types = Repository.Files().Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && !file.StartsWith("tests/", StringComparison.Ordinal))
            .SelectMany(file => TypeName().Matches(Repository.Read(file)).Select(match => match.Groups["name"].Value)).ToHashSet();
        using var sample = JsonDocument.Parse(Repository.Read("local.settings.sample.json"));
        var settings = sample.RootElement.GetProperty("Values").EnumerateObject().Select(setting => setting.Name).ToHashSet();
        var named = Rows.SelectMany(row => Code().Matches(row.Where).Select(match => match.Groups["name"].Value)).ToList();

        Assert.True(named.Count > 40, $"The pattern of this test finds {named.Count} names only.");
        Assert.Equal([], named.Where(name => !types.Contains(name) && !settings.Contains(name) && !File.Exists(Repository.Path(name))));
    }

    [GeneratedRegex(@"^\| (?<term>[^|]+) \| (?<meaning>[^|]+) \| (?<where>[^|]+) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<name>[^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\b(?:record struct|record class|class|record|struct|interface|enum) (?<name>\w+)")]
    private static partial Regex TypeName();
}
