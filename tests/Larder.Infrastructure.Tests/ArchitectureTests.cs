using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>ARCHITECTURE.md draws what the code does: its flows and its five answers name files and statements that exist.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Page = Repository.Read("ARCHITECTURE.md").ReplaceLineEndings("\n");

    /// <summary>A flow's heading, and the most files that it may have: a reader must be able to follow it.</summary>
    public static TheoryData<string, int> Flows => new()
    {
        { "a prediction", 10 },
        { "an upload until it is visible", 15 },
        { "a training until the alias moves", 15 },
    };

    [Theory]
    [MemberData(nameof(Flows))]
    public void A_flow_names_files_that_exist_in_order_and_not_too_many(string flow, int most)
    {
        var section = Section($"Flow: {flow}");
        var steps = Step().Matches(section).ToList();

        Assert.InRange(steps.Count, 5, most);
        Assert.Equal(Enumerable.Range(1, steps.Count), steps.Select(step => int.Parse(step.Groups["number"].Value, null)));
        Assert.Equal([], steps.Select(step => step.Groups["file"].Value).Where(file => !Repository.Files().Contains(file)));
        Assert.Equal(steps.Count, steps.Select(step => step.Groups["file"].Value).Distinct().Count());
    }

    [Fact]
    public void The_page_has_no_other_flow() =>
        Assert.Equal(Flows.Select(flow => (string)flow[0]).Order(StringComparer.Ordinal), FlowHeading().Matches(Page).Select(heading => heading.Groups["flow"].Value).Order(StringComparer.Ordinal));

    [Fact]
    public void The_five_answers_are_in_the_files_that_they_name()
    {
        var rows = Row().Matches(Section("Five questions")).Where(row => row.Groups["question"].Value.EndsWith('?')).ToList();

        Assert.Equal(5, rows.Count);
        Assert.Equal([], rows.SelectMany(row =>
        {
            var source = Repository.Read(row.Groups["file"].Value);
            return Code().Matches(row.Groups["rest"].Value).Select(code => code.Groups["code"].Value)
                .Where(code => !source.Contains(code, StringComparison.Ordinal))
                .Select(code => $"{row.Groups["file"].Value}: {code}");
        }));
    }

    [Fact]
    public void Every_room_with_sources_is_drawn() =>
        Assert.Equal([], Repository.Files()
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && file.Contains('/', StringComparison.Ordinal))
            .Select(file => file[..(file.IndexOf('/', StringComparison.Ordinal) + 1)]).Distinct()
            .Where(room => !Section("Rooms").Contains(room, StringComparison.Ordinal)));

    private static string Section(string heading)
    {
        var start = Page.IndexOf($"\n## {heading}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"ARCHITECTURE.md has no section '{heading}'.");
        var end = Page.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return end < 0 ? Page[start..] : Page[start..end];
    }

    [GeneratedRegex(@"^(?<number>\d+)\. `(?<file>[^`]+)`: ", RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex(@"^## Flow: (?<flow>.+)$", RegexOptions.Multiline)]
    private static partial Regex FlowHeading();

    [GeneratedRegex(@"^\| (?<question>[^|]+) \| `(?<file>[^`]+)` \| (?<rest>.+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<code>[^`]+)`")]
    private static partial Regex Code();
}
