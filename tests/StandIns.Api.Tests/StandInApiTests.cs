using StandIns.Api.Tests.Comparing;
using StandIns.Api.Tests.Printing;

namespace StandIns.Api.Tests;

/// <summary>A stand-in offers nothing that its package does not: what compiles against it compiles against the package.</summary>
public class StandInApiTests
{
    public static TheoryData<string> WithListing => [.. StandInFolder.All.Where(folder => folder.ExemptBecause is null).Select(folder => folder.PackageId)];

    [Theory]
    [MemberData(nameof(WithListing))]
    public void Every_public_type_and_member_is_published_by_the_package(string packageId)
    {
        var folder = new StandInFolder(packageId);
        IApiComparison comparison = folder.IsPartial ? new PartialComparison() : new ExactComparison();
        var types = new ApiPrinter(comparison.WithNullability).Print(folder.LoadAssembly()).ToList();

        var differences = ApiDifferences.Find(types, PublishedApi.Load(folder.Listings), comparison).ToList();

        Assert.NotEmpty(types);
        Assert.True(differences.Count == 0, string.Join(Environment.NewLine, differences));
    }

    [Fact]
    public void Every_folder_has_a_listing_or_a_reason_to_have_none()
    {
        var without = StandInFolder.All
            .Where(folder => folder.ExemptBecause is null && folder.Listings.Any(name => !File.Exists(Path.Combine(AppContext.BaseDirectory, "api", name + ".txt"))));

        Assert.NotEmpty(StandInFolder.All);
        Assert.Empty(without);
    }

    [Theory]
    [MemberData(nameof(WithListing))]
    public void Nothing_that_we_build_has_a_packages_name(string packageId)
    {
        var assembly = new StandInFolder(packageId).LoadAssembly();

        Assert.Equal($"StandIn.{packageId}", assembly.GetName().Name);
    }
}
