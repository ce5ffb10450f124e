using System.Text.Json;
using Larder.Functions.Hosting;
using Microsoft.Extensions.Configuration;

namespace Larder.Functions.Tests.Hosting;

/// <summary>Settings that nothing reads.</summary>
public sealed class UnreadSettingsTests
{
    [Theory]
    [InlineData("Limits:PredictionByts", "did you mean Limits:PredictionBytes?")]
    [InlineData("limits:predictionsbytes", "did you mean Limits:PredictionBytes?")]
    [InlineData("Limits:Imge:MaxPixels", "did you mean Limits:Image:MaxPixels?")]
    [InlineData("Access:AllowedOrigin", "did you mean Access:AllowedOrigins?")]
    [InlineData("Access:AllowedOrigins:0", "did you mean Access:AllowedOrigins?")]
    [InlineData("SelfHost:Blobs:MaxPollInterval", "did you mean SelfHost:Blobs:MaxPollingInterval?")]
    [InlineData("Jobs:Process:ColourOfTheWallsInside", "has those that are.")]
    public void One_in_a_known_section_is_named_with_the_nearest(string name, string says)
    {
        var problem = Assert.Single(Problems(name));

        Assert.Contains($"The setting {name} is read by nothing; ", problem);
        Assert.EndsWith(says, problem);
    }

    [Theory]
    [InlineData("Access:Keys:team-a:Role")]
    [InlineData("FunctionKeys:team-a")]
    [InlineData("LIMITS:PREDICTIONBYTES")]
    [InlineData("Logging:LogLevel:Default")]
    [InlineData("Elsewhere:PredictionBytes")]
    public void What_is_read_or_not_ours_is_not_named(string name) => Assert.Empty(Problems(name));

    [Fact]
    public void Every_setting_of_the_sample_is_known()
    {
        using var sample = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json")));

        Assert.Empty(Problems([.. sample.RootElement.GetProperty("Values").EnumerateObject().Select(value => value.Name).Where(name => name[0] != '_')]));
    }

    private static List<string> Problems(params string[] names) =>
        [.. UnreadSettings.Problems(new ConfigurationBuilder().AddInMemoryCollection(names.Select(name => KeyValuePair.Create(name, (string?)"1"))).Build())];
}
