using StandIns.Api.Tests.Comparing;
using StandIns.Api.Tests.Printing;
using StandIns.Api.Tests.Samples;

namespace StandIns.Api.Tests;

/// <summary>The comparison can fail: it finds whatever a listing lacks.</summary>
public class ApiDifferencesTests
{
    private static readonly ApiPrinter Printer = new(withNullability: true);

    public static TheoryData<string> WithListing => StandInApiTests.WithListing;

    [Theory]
    [MemberData(nameof(WithListing))]
    public void A_line_that_a_listing_loses_is_found_missing(string packageId)
    {
        var folder = new StandInFolder(packageId);
        IApiComparison comparison = folder.IsPartial ? new PartialComparison() : new ExactComparison();
        var types = new ApiPrinter(comparison.WithNullability).Print(folder.LoadAssembly()).ToList();
        var lines = types.SelectMany(type => new[] { type.Header }.Concat(type.Members.Select(member => "    " + member))).ToList();
        Assert.Empty(ApiDifferences.Find(types, new PublishedApi(lines), comparison));

        for (var i = 0; i < lines.Count; i++)
        {
            // Without a type's line its members would be another type's.
            var rest = lines[i][0] == ' '
                ? lines.Where((_, index) => index != i)
                : lines.Take(i).Concat(lines.Skip(i + 1).SkipWhile(line => line[0] == ' '));

            var differences = ApiDifferences.Find(types, new PublishedApi(rest), comparison).ToList();

            var difference = Assert.Single(differences);
            Assert.Contains(lines[i].Trim(), difference);
        }
    }

    [Theory]
    [InlineData("public sealed class StandIns.Api.Tests.Samples.Sample : ISample", "public class StandIns.Api.Tests.Samples.Sample : ISample")]
    [InlineData("public sealed class StandIns.Api.Tests.Samples.Sample : ISample", "public sealed class StandIns.Api.Tests.Samples.Sample")]
    [InlineData("    public string? Name { get; set; }", "    public string Name { get; set; }")]
    [InlineData("    public string? Name { get; set; }", "    public string? Name { get; }")]
    [InlineData("    public int Count(string text, int from = 1)", "    public int Count(string text, int from)")]
    [InlineData("    public int Count(string text, int from = 1)", "    public int Count(string name, int from = 1)")]
    [InlineData("    public int Count(string text, int from = 1)", "    public long Count(string text, int from = 1)")]
    public void Another_declaration_is_not_the_published_one(string ours, string published)
    {
        var type = Printer.Print(typeof(Sample));
        var lines = new[] { type.Header }.Concat(type.Members.Select(member => "    " + member)).ToList();
        Assert.Contains(ours, lines);

        var differences = ApiDifferences.Find([type], new PublishedApi(lines.Select(line => line == ours ? published : line)), new ExactComparison());

        Assert.Contains(ours.Trim(), Assert.Single(differences));
    }

    [Fact]
    public void A_type_may_leave_out_a_base_that_is_published()
    {
        var type = Printer.Print(typeof(Sample));
        var lines = new[] { type.Header + ", IMore<string, int>" }.Concat(type.Members.Select(member => "    " + member));

        Assert.Empty(ApiDifferences.Find([type], new PublishedApi(lines), new ExactComparison()));
    }

    [Fact]
    public void A_type_that_nobody_published_is_found()
    {
        var differences = ApiDifferences.Find([Printer.Print(typeof(Sample))], new PublishedApi([]), new ExactComparison());

        Assert.Equal("public sealed class StandIns.Api.Tests.Samples.Sample : ISample: no such type is published.", Assert.Single(differences));
    }

    [Fact]
    public void A_difference_tells_what_is_published_instead()
    {
        var published = new PublishedApi(["public sealed class StandIns.Api.Tests.Samples.Sample : ISample", "    public ctor(int size)"]);

        var differences = ApiDifferences.Find([Printer.Print(typeof(Sample))], published, new ExactComparison());

        Assert.Contains(
            $"StandIns.Api.Tests.Samples.Sample: 'public ctor()' is not published.{Environment.NewLine}    published: 'public ctor(int size)'", differences);
    }
}
